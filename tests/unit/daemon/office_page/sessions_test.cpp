#include "daemon/office_page/sessions.hpp"

#include <catch2/catch.hpp>

#include "daemon/io/system_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::office_page;

namespace {

struct Door {
  SystemEntropy entropy;
  Sessions sessions{entropy};
  Instant now{1h};

  std::string enter() { return *sessions.begin(now, sessions.add_link(now, 1000)); }
  bool alive(const std::string& session, bool touched = false) { return sessions.alive(now, session, touched); }
};

}  // namespace

TEST_CASE("a link opens the page once, and within five minutes") {
  Door door;
  std::string link = door.sessions.add_link(door.now, 1000);
  CHECK(link.size() == 2 * token_bytes);
  CHECK(door.sessions.begin(door.now, link));
  CHECK_FALSE(door.sessions.begin(door.now, link));

  std::string late = door.sessions.add_link(door.now, 1000);
  door.now += link_lives;
  CHECK_FALSE(door.sessions.begin(door.now, late));
}

TEST_CASE("nothing but the very secret opens or keeps a session") {
  Door door;
  std::string link = door.sessions.add_link(door.now, 1000);
  std::string session = door.enter();
  CHECK(session != link);
  CHECK_FALSE(door.sessions.begin(door.now, ""));
  CHECK_FALSE(door.sessions.begin(door.now, link.substr(0, link.size() - 1)));
  CHECK_FALSE(door.sessions.begin(door.now, session));
  CHECK_FALSE(door.alive(link));
  CHECK_FALSE(door.alive(""));
  CHECK(door.alive(session));
}

TEST_CASE("a session ends an hour after the person last touched the page, and half a day after it began") {
  Door door;
  std::string left_alone = door.enter(), used = door.enter();
  for (Duration passed = 0s; passed < session_longest; passed += 30min) {
    CHECK(door.alive(used, true));
    CHECK(door.alive(left_alone) == (passed < session_idle));
    door.now += 30min;
  }
  CHECK_FALSE(door.alive(used, true));
  CHECK(door.sessions.expire(door.now));
}

TEST_CASE("closing ends every session and link, leaving the one alone") {
  Door door;
  std::string one = door.enter(), other = door.enter(), link = door.sessions.add_link(door.now, 1000);
  door.sessions.end(one);
  CHECK_FALSE(door.alive(one));
  CHECK(door.alive(other));
  CHECK(door.sessions.end_all() == 1);
  CHECK_FALSE(door.alive(other));
  CHECK_FALSE(door.sessions.begin(door.now, link));
  CHECK(door.sessions.expire(door.now));
}

TEST_CASE("links and sessions are bounded: the oldest gives way") {
  Door door;
  std::string first_link = door.sessions.add_link(door.now, 1000);
  for (size_t i = 0; i < most_links; ++i) (void)door.sessions.add_link(door.now, 1000);
  CHECK_FALSE(door.sessions.begin(door.now, first_link));
  std::string first = door.enter();
  for (size_t i = 0; i < most_sessions; ++i) CHECK(door.alive(door.enter()));
  CHECK_FALSE(door.alive(first));
}

TEST_CASE("only users with a link or a session may connect") {
  Door door;
  CHECK(door.sessions.users().empty());
  std::string link = door.sessions.add_link(door.now, 1000);
  (void)door.sessions.add_link(door.now, 1001);
  (void)door.sessions.begin(door.now, link);
  CHECK(door.sessions.users() == std::set<uid_t>{1000, 1001});
  door.now += link_lives;
  door.sessions.expire(door.now);
  CHECK(door.sessions.users() == std::set<uid_t>{1000});
}
