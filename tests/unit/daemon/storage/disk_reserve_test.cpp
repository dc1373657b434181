#include "daemon/storage/disk_reserve.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

struct Held {
  size_t length, blocks;
};
Held held(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return {static_cast<size_t>(status.st_size), static_cast<size_t>(status.st_blocks) * 512};
}

}  // namespace

TEST_CASE("a reserve takes real blocks, gives them back piece by piece, and is made whole again") {
  TemporaryFolder folder;
  std::string path = folder.file("reserve");
  DiskReserve reserve(path);
  CHECK_FALSE(reserve.is_short());
  CHECK(held(path).length == reserve_bytes);
  CHECK(held(path).blocks >= reserve_bytes);
  for (size_t left = reserve_pieces; left > 0; --left) {
    CHECK(reserve.release_piece(Urgency::vital));
    CHECK(reserve.is_short());
    CHECK(held(path).length == reserve_bytes / reserve_pieces * (left - 1));
  }
  CHECK_FALSE(reserve.release_piece(Urgency::vital));
  CHECK(reserve.refill());
  CHECK_FALSE(reserve.is_short());
  CHECK(held(path).blocks >= reserve_bytes);
}

TEST_CASE("what lets devices in may use a part of the reserve only, and other changes none") {
  TemporaryFolder folder;
  std::string path = folder.file("reserve");
  DiskReserve reserve(path);
  CHECK_FALSE(reserve.release_piece(Urgency::ordinary));
  CHECK_FALSE(reserve.is_short());
  while (reserve.release_piece(Urgency::admission)) CHECK(reserve.is_short());
  CHECK(held(path).length == vital_bytes);
  CHECK_FALSE(reserve.release_piece(Urgency::ordinary));
  CHECK(reserve.release_piece(Urgency::vital));
}

TEST_CASE("a reserve that was copied without its blocks takes them") {
  TemporaryFolder folder;
  std::string path = folder.file("reserve");
  { FILE* file = fopen(path.c_str(), "w"); fclose(file); }
  std::filesystem::resize_file(path, reserve_bytes);
  DiskReserve reserve(path);
  CHECK(held(path).blocks >= reserve_bytes);
}

TEST_CASE("without a reserve nothing is given back, and none is missed") {
  DiskReserve none;
  CHECK_FALSE(none.release_piece(Urgency::vital));
  CHECK_FALSE(none.is_short());
  CHECK(none.refill());
}

TEST_CASE("a reserve that cannot be made is short, and nothing else fails") {
  DiskReserve reserve("/nonexistent/reserve");
  CHECK(reserve.is_short());
  CHECK_FALSE(reserve.release_piece(Urgency::vital));
  CHECK_FALSE(reserve.refill());
}
