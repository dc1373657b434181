#include "daemon/admin/document_watch.hpp"

#include "daemon/admin/echo.hpp"

namespace drawbridge::admin {
namespace {

constexpr Duration watch_interval = 250ms;
constexpr Duration measure_interval = 2s;

class DocumentWatch : public std::enable_shared_from_this<DocumentWatch> {
 public:
  DocumentWatch(Scope& scope, const CallPtr& call, std::function<Value(Scope&)> make)
      : scope_(scope), call_(call), make_(std::move(make)), timer_(scope.loop, [this] { due(); }), measure_(scope.loop, [this] { measure(); }) {
    measure_.start(measure_interval);
  }

  void changed() {
    if (std::exchange(changed_, true)) return;
    timer_.start(watch_interval);
  }

 private:
  void measure() {
    CallPtr call = call_.lock();
    if (!call || !call->open()) return;
    measure_.start(measure_interval);
    ask_for_echoes(scope_, [self = shared_from_this()] { self->changed(); });
  }
  void due() {
    CallPtr call = call_.lock();
    if (!call || !call->open()) return;
    call->when_sent([self = shared_from_this()] { self->send(); });
  }
  void send() {
    CallPtr call = call_.lock();
    if (!call) return;
    changed_ = false;
    call->more(make_(scope_));
  }

  Scope& scope_;
  std::weak_ptr<Call> call_;
  std::function<Value(Scope&)> make_;
  LocalTimer timer_, measure_;
  bool changed_ = false;
};

}  // namespace

void watch_document(Scope& scope, const CallPtr& call, std::function<Value(Scope&)> make) {
  Value first = make(scope);
  auto watch = std::make_shared<DocumentWatch>(scope, call, std::move(make));
  scope.watchers.add(call, [watch](const Event&) { watch->changed(); });
  call->more(std::move(first));
}

}  // namespace drawbridge::admin
