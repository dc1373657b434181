#include "daemon/nat/mapping_worker.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <thread>

#include "daemon/io/clock.hpp"

namespace drawbridge {
namespace {

FileDescriptor event_descriptor() { return FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

void ring(const FileDescriptor& bell) {
  uint64_t one = 1;
  (void)!write(bell.get(), &one, sizeof one);
}

void silence(const FileDescriptor& bell) {
  uint64_t rings = 0;
  (void)!read(bell.get(), &rings, sizeof rings);
}

}  // namespace

struct MappingWorker::Shared {
  Shared(uint16_t own_port, const PcpNonce& own_nonce, const MappingTimes& all_times) : port(own_port), nonce(own_nonce), times(all_times) {}

  const uint16_t port;
  const PcpNonce nonce;
  const MappingTimes times;
  const FileDescriptor wake = event_descriptor();  // to the thread
  const FileDescriptor news = event_descriptor();  // from the thread

  std::mutex mutex;
  std::condition_variable ended;
  std::vector<Gateway> gateways;          // these five under the mutex
  std::vector<GatewayFinding> findings;
  bool asked = false, stopping = false, over = false;

  // The thread's own.
  std::vector<GatewayMapper> mappers;

  // Takes over what the loop wants; false: stop.
  bool take_wishes();
  void tell();
  void sleep_until(Instant deadline) const;
};

bool MappingWorker::Shared::take_wishes() {
  silence(wake);
  std::lock_guard lock(mutex);
  if (stopping) return false;
  if (!asked) return true;
  asked = false;
  std::erase_if(mappers, [&](const GatewayMapper& mapper) { return std::ranges::find(gateways, mapper.gateway()) == gateways.end(); });
  for (GatewayMapper& mapper : mappers) mapper.ask_again();
  for (const Gateway& gateway : gateways) {
    bool known = std::ranges::any_of(mappers, [&](const GatewayMapper& mapper) { return mapper.gateway() == gateway; });
    if (!known) mappers.emplace_back(gateway, port, nonce, times);
  }
  return true;
}

void MappingWorker::Shared::tell() {
  std::vector<GatewayFinding> now;
  for (const GatewayMapper& mapper : mappers) now.push_back(mapper.finding());
  std::lock_guard lock(mutex);
  if (now == findings) return;
  findings = std::move(now);
  ring(news);
}

void MappingWorker::Shared::sleep_until(Instant deadline) const {
  pollfd watched{wake.get(), POLLIN, 0};
  int64_t ms = std::clamp<int64_t>(to_ms(deadline - read_clocks().boot) + 1, 0, 3'600'000);
  poll(&watched, 1, static_cast<int>(ms));
}

void MappingWorker::run(const std::shared_ptr<Shared>& shared) {
  while (shared->take_wishes()) {
    Instant next = read_clocks().boot + std::chrono::hours(1);
    shared->tell();
    for (GatewayMapper& mapper : shared->mappers) {
      next = std::min(next, mapper.turn(read_clocks().boot, shared->wake.get()));
      shared->tell();
    }
    shared->sleep_until(next);
  }
  for (GatewayMapper& mapper : shared->mappers) mapper.withdraw();
  std::lock_guard lock(shared->mutex);
  shared->over = true;
  shared->ended.notify_all();
}

MappingWorker::MappingWorker(uint16_t port, const PcpNonce& nonce, const MappingTimes& times)
    : shared_(std::make_shared<Shared>(port, nonce, times)) {
  // Detached, because a gateway may hold it for longer than the program should live.
  std::thread([shared = shared_] { run(shared); }).detach();
}

MappingWorker::~MappingWorker() { stop(); }

void MappingWorker::ask(std::vector<Gateway> gateways) {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->gateways = std::move(gateways);
    shared_->asked = true;
  }
  ring(shared_->wake);
}

void MappingWorker::stop() {
  if (std::exchange(stopped_, true)) return;
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  ring(shared_->wake);
  shared_->ended.wait_for(lock, shared_->times.stop_patience, [this] { return shared_->over; });
}

int MappingWorker::news() const { return shared_->news.get(); }

std::vector<GatewayFinding> MappingWorker::findings() {
  silence(shared_->news);
  std::lock_guard lock(shared_->mutex);
  return shared_->findings;
}

}  // namespace drawbridge
