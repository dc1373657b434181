// Who may use the office's page from this computer: whoever has a link that `drawbridge open` made, once; then a session
// until it is closed, left alone for an hour, or half a day old. docs/spec/office-page.md
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keys/entropy.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::office_page {

constexpr Duration link_lives = 5min;        // time to type it into a browser elsewhere (ssh -L)
constexpr Duration session_idle = 60min;     // without the person touching the page
constexpr Duration session_longest = 12h;    // a working day
constexpr size_t most_links = 8;             // the oldest gives way
constexpr size_t most_sessions = 16;         // likewise
constexpr size_t token_bytes = 32;           // 256 bits

class Sessions {
 public:
  // `entropy` must outlive this.
  explicit Sessions(Entropy& entropy) : entropy_(entropy) {}

  // The secret of a new link, in hexadecimal, for a program of `user`.
  std::string add_link(Instant now, uid_t user);
  // Uses the link up: the secret of the new session. Nothing: there is no such link, or it is too old or used.
  std::optional<std::string> begin(Instant now, std::string_view link);
  // Whether the session lives; `touched`: the person did something just now.
  bool alive(Instant now, std::string_view session, bool touched);
  void end(std::string_view session);
  // How many sessions there were.
  size_t end_all();

  // Forgets what is over; true: nothing is left.
  bool expire(Instant now);
  // Whose programs may connect.
  std::set<uid_t> users() const;

 private:
  struct Entry {
    std::array<uint8_t, 32> digest{};  // of the secret: a look into this memory lets nobody in
    uid_t user{};
    Instant begun{}, touched{};
  };
  static std::vector<Entry>::iterator find(std::vector<Entry>& entries, std::string_view secret);
  std::string add(std::vector<Entry>& entries, size_t most, Instant now, uid_t user);

  Entropy& entropy_;
  std::vector<Entry> links_, sessions_;
};

}  // namespace drawbridge::office_page
