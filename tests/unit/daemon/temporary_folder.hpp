// A folder of mode 0700 that goes away with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace drawbridge {

struct TemporaryFolder {
  std::string path;

  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "drawbridge-test-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return path + "/" + name; }
};

}  // namespace drawbridge
