#include "daemon/folder/detached_work.hpp"

#include <memory>
#include <system_error>
#include <thread>

namespace drawbridge::folder {

std::shared_future<void> start_detached(std::function<void()> work) {
  auto done = std::make_shared<std::promise<void>>();
  std::shared_future<void> future = done->get_future().share();
  auto run = [work = std::move(work), done] {
    work();
    done->set_value();
  };
  try {
    std::thread(run).detach();
  } catch (const std::system_error&) {
    run();
  }
  return future;
}

}  // namespace drawbridge::folder
