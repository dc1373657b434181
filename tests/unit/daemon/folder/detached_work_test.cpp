#include "daemon/folder/detached_work.hpp"

#include <catch2/catch.hpp>
#include <semaphore>

#include "served_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::folder;

TEST_CASE("Work that hangs holds nobody up, and ends by itself when it can") {
  auto disk = std::make_shared<std::binary_semaphore>(0);
  auto done = start_detached([disk] { disk->acquire(); });
  CHECK(done.wait_for(std::chrono::milliseconds(10)) == std::future_status::timeout);
  disk->release();
  CHECK(done.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

TEST_CASE("A folder server ends at once with connections open and uploads half done") {
  auto before = std::chrono::steady_clock::now();
  {
    ServedFolder folder;
    HttpClient idle = folder.connect(), sending = folder.connect();
    sending.send_all("PUT /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf");
    REQUIRE(folder.eventually([&] { return folder.count() == 1; }));
  }
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
}
