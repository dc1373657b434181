// pair, join, leave: how relations begin and end.
#include <algorithm>

#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/diagnosis.hpp"
#include "daemon/admin/documents.hpp"
#include "daemon/admin/lookup.hpp"
#include "daemon/admin/rfc3339.hpp"
#include "protocol/base/limits.hpp"

namespace drawbridge::admin {
namespace {

constexpr uint64_t longest_ms = static_cast<uint64_t>(to_ms(limits::invitation_longest));
// The node tells of a pairing at once; that an invitation was claimed or is over is looked up so often.
constexpr Duration look_interval = 1s;

// What a phone should show after it has opened the link; nothing if the link opens no page.
Value page_release(const Scope& scope, const CreatedInvitation& invitation) {
  bool opens_page = invitation.link.starts_with("http");
  return opens_page && !scope.phone_release.empty() ? Value(scope.phone_release) : Value();
}

Value created_document(Scope& scope, const CreatedInvitation& invitation) {
  return Value::map({{"id", invitation.id},
                     {"link", invitation.link},
                     {"code", invitation.code.empty() ? Value() : Value(invitation.code)},
                     {"expires_at", to_rfc3339(invitation.expires_at)},
                     {"page_release", page_release(scope, invitation)},
                     {"reach", reach_document(scope)}});
}

Value created_event(Scope& scope, const CreatedInvitation& invitation) {
  Value out = Value::map({{"event", "created"}});
  Value document = created_document(scope, invitation);
  for (const auto& [key, value] : *document.as_map()) out.set(key, value);
  return out;
}

// Follows one invitation until it is used or over, for `pair` with `wait`.
class InvitationWatch : public std::enable_shared_from_this<InvitationWatch> {
 public:
  InvitationWatch(Scope& scope, const CallPtr& call, CreatedInvitation invitation)
      : scope_(scope), call_(call), invitation_(std::move(invitation)), timer_(scope.loop, [this] { look(); }) {}

  void start() {
    auto self = shared_from_this();
    CallPtr call = call_.lock();
    scope_.watchers.add(call, [self](const Event& event) { self->happened(event); });
    call->more(created_event(scope_, invitation_));
    timer_.start(look_interval);
  }

 private:
  void happened(const Event& event) {
    CallPtr call = call_.lock();
    if (!call || !call->open()) return;
    const auto* tried = std::get_if<event::CodeTried>(&event);
    if (tried && tried->invitation == invitation_.id) return call->more(Value::map({{"event", "wrong_words"}, {"tries_left", tried->tries_left}}));
    const auto* paired = std::get_if<event::Paired>(&event);
    if (!paired || paired->invitation != invitation_.id) {
      patient_ = true;
      return look_once();
    }
    call->result(Value::map(
        {{"event", "paired"}, {"device", Value::map({{"id", to_text(paired->peer.peer)}, {"name", paired->name}})}}));
  }

  void look() {
    CallPtr call = call_.lock();
    if (!call || !call->open()) return;
    patient_ = false;
    look_once();
    if (call->open()) timer_.start(look_interval);
  }

  void look_once() {
    CallPtr call = call_.lock();
    bool over = scope_.now().wall >= invitation_.expires_at;
    for (const InvitationStatus& status : scope_.node().invitations(scope_.now())) {
      if (status.id != invitation_.id || over) continue;
      if (status.claimed && !std::exchange(claimed_told_, true)) {
        call->more(Value::map({{"event", "claimed"}, {"device", Value::map({{"id", nullptr}, {"name", nullptr}})}}));
      }
      return;
    }
    // One that was just used is not listed any more, and the word of it follows once the pairing is durable.
    if (!over && (patient_ || !std::exchange(missed_, true))) return;
    call->result(Value::map({{"event", over ? "expired" : "cancelled"}}));
  }

  Scope& scope_;
  std::weak_ptr<Call> call_;
  CreatedInvitation invitation_;
  LocalTimer timer_;
  bool claimed_told_ = false;
  bool patient_ = true;   // this look is not the timer's
  bool missed_ = false;   // a look of the timer's has not found it
};

Result<InvitationOptions> read_options(Scope& scope, Arguments& arguments) {
  InvitationOptions options;
  options.name = arguments.optional_text("name").value_or("");
  for (std::string& service : arguments.optional_texts("allow").value_or(std::vector<std::string>()))
    options.grants.push_back({std::move(service), {}});
  if (auto expires = arguments.optional_number("expires_ms", 1'000, longest_ms))
    options.valid_for = std::chrono::milliseconds(*expires);
  if (auto code = arguments.optional_text("code")) {
    options.code_language = language_from_code(*code);
    if (!options.code_language) return Error{ErrorCode::invalid_argument, "A short code's language is en, fr or es.", "Choose one of them."};
  }
  options.addresses = scope.reachable();
  if (options.addresses.size() > limits::link_addresses) options.addresses.resize(limits::link_addresses);
  return options;
}

Value joined_document(Scope& scope, const RelationKey& office) {
  Value services = Value::array();
  for (const OfferedService& service : scope.node().offered_services()) {
    if (service.office == office) services.push(offered_service_document(scope, service));
  }
  std::string name;
  for (const PeerStatus& peer : scope.node().peers(scope.now())) {
    if (peer.key == office) name = peer.name;
  }
  return Value::map(
      {{"office", Value::map({{"id", to_text(office.peer)}, {"name", name}})}, {"services", std::move(services)}});
}

void invite(Scope& scope, const CallPtr& call, InvitationOptions options, bool wait) {
  auto invitation = scope.node().create_invitation(scope.now(), std::move(options));
  if (!invitation) return call->fail(invitation.error());
  scope.driver.when_done(invitation->request,
                         [&scope, call, wait, invitation = *invitation](const event::RequestDone& done) {
                           if (done.error) return call->fail(*done.error);
                           tell_of_change(scope);
                           if (!wait) return call->result(created_document(scope, invitation));
                           if (call->open()) std::make_shared<InvitationWatch>(scope, call, invitation)->start();
                         });
}

// Whether a relay of ours serves the phone's page is known once it has answered, and an office that nobody looks for yet has
// asked none: the code is made when all have answered, or soon anyway.
class PhonePageQuestion {
 public:
  PhonePageQuestion(Scope& scope, const CallPtr& call, InvitationOptions options, bool wait)
      : scope_(scope), call_(call), options_(std::move(options)), wait_(wait), began_(scope.now().boot), timer_(scope.loop, [this] { look(); }) {
    scope_.node().ask_relays(scope_.now());
    scope_.loop.turn_again();
  }
  ~PhonePageQuestion() { scope_.node().end_asking(); }
  PhonePageQuestion(const PhonePageQuestion&) = delete;
  PhonePageQuestion& operator=(const PhonePageQuestion&) = delete;

  void look() {
    CallPtr call = call_.lock();
    if (!call || !call->open() || asked_) return;
    std::vector<relay::RelayStatus> relays = scope_.node().relays();
    bool settled = std::all_of(relays.begin(), relays.end(), [](const auto& relay) { return relay.ready || relay.silent; });
    if (!settled && scope_.now().boot - began_ < patience) return timer_.start(interval);
    asked_ = true;
    invite(scope_, call, std::move(options_), wait_);
    scope_.loop.turn_again();
  }

 private:
  static constexpr Duration patience = 1500ms, interval = 10ms;
  Scope& scope_;
  std::weak_ptr<Call> call_;
  InvitationOptions options_;
  bool wait_, asked_ = false;
  Instant began_;
  LocalTimer timer_;
};

}  // namespace

void run_pair(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  auto options = read_options(scope, arguments);
  bool wait = arguments.flag("wait");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  if (!options) return call->fail(options.error());
  if (scope.node().own_relays().empty() || !scope.node().phone_page().empty()) return invite(scope, call, options.take(), wait);
  auto question = std::make_shared<PhonePageQuestion>(scope, call, options.take(), wait);
  call->when_abandoned([question] {});
  question->look();
}

void run_pair_cancel(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  uint64_t id = arguments.number("id");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  answer_when_done(scope, call, scope.node().cancel_invitation(scope.now(), id), [id] {
    return Value::map({{"id", id}});
  });
}

void run_join(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string link = arguments.text("link");
  std::string name = arguments.optional_text("name").value_or(scope.name);
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto request = scope.node().join(scope.now(), link, name);
  if (!request) return call->fail(request.error());
  scope.driver.when_done(*request, [&scope, call](const event::RequestDone& done) {
    if (done.error) return call->fail(*done.error);
    call->result(joined_document(scope, done.peer.value_or(RelationKey{})));
  });
}

void run_leave(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string name = arguments.text("office");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto office = find_peer(scope.node(), scope.now(), name, PeerRole::office);
  if (!office) return call->fail(office.error());
  answer_when_done(scope, call, scope.node().leave(scope.now(), office->key.peer), [office = *office] {
    return Value::map({{"id", to_text(office.key.peer)}, {"name", office.name}});
  });
}

}  // namespace drawbridge::admin
