// What a browser can say to a folder: paths, conditions, ranges, dates, upload ids, names. The first byte says which.
#include "daemon/folder/conditions.hpp"
#include "daemon/folder/http_date.hpp"
#include "daemon/folder/request_path.hpp"
#include "daemon/folder/upload.hpp"
#include "protocol/wire/utf8.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::folder;

namespace {

bool stays_below_root(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos && name.find('\0') == std::string::npos &&
         name.size() <= 255 && !name.starts_with(upload_prefix);
}

void check_path(std::string_view raw) {
  auto path = parse_request_path(raw);
  if (!path) return fuzz::require(!path.error().message.empty(), "a refusal says why");
  for (const std::string& name : path->names) fuzz::require(stays_below_root(name), "no name leaves the root");
  fuzz::require(path->relative().front() != '/', "a path is relative to the root");
  auto again = parse_request_path(path->url());
  fuzz::require(again && again->names == path->names && again->folder_form == (path->folder_form || path->is_root()),
                "a path that was read can be written and read");
}

// Six lines: the headers; then the size of the file.
void check_conditions(std::string_view text) {
  std::string_view lines[7];
  for (std::string_view& line : lines) {
    size_t end = std::min(text.find('\n'), text.size());
    line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  Conditions conditions{lines[0], lines[1], lines[2], lines[3], lines[4], lines[5]};
  Version version{"\"1-2-3.4-5.6\"", 784111777};
  uint64_t size = lines[6].size() < 2 ? lines[6].size() : UINT64_MAX >> (lines[6].size() % 64);
  for (bool reading : {false, true}) {
    Outcome outcome = evaluate(conditions, version, reading);
    fuzz::require(reading || outcome != Outcome::not_modified, "a change is never answered with 304");
  }
  RangeChoice choice = choose_range(conditions, version, size);
  fuzz::require(!choice.part || !choice.unsatisfiable, "a range is there or is not");
  if (choice.part) {
    fuzz::require(choice.part->length > 0 && choice.part->first < size && choice.part->length <= size - choice.part->first,
                  "a range lies within the file");
  }
}

void check_date(std::string_view text) {
  if (auto seconds = parse_http_date(text)) fuzz::require(parse_http_date(to_http_date(*seconds)) == seconds, "a date that was read is written the same");
}

void check_name(const std::string& name) {
  if (is_upload_id(name)) fuzz::require(name.size() >= 16 && name.size() <= 64 && stays_below_root(name), "an upload id is bounded");
  if (!check_new_name(name)) return;
  fuzz::require(stays_below_root(name) && is_utf8(as_bytes(name)), "a new name is a name");
  for (int number : {2, 1000000}) {
    std::string numbered = numbered_name(name, number);
    fuzz::require(stays_below_root(numbered) && is_utf8(as_bytes(numbered)), "a numbered name is a name");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(as_text({data + 1, size - 1}));
  switch (data[0] % 4) {
    case 0: check_path(text); break;
    case 1: check_conditions(text); break;
    case 2: check_date(text); break;
    default: check_name(text);
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  return {of_kind(0, "/"), of_kind(0, "/a/b%20c/%C3%89tude.pdf"), of_kind(0, "/%2e%2e/x/../y/./.drawbridge-upload-1/"), of_kind(0, "/a//b%00"),
          of_kind(1, "\n\n\n\n\nbytes=0-99\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
          of_kind(1, "\"1-2-3.4-5.6\"\nW/\"1-2-3.4-5.6\", \"x\"\nSun, 06 Nov 1994 08:49:37 GMT\n\n\"1-2-3.4-5.6\"\nbytes=-5\nxxxx"),
          of_kind(1, "*\n*\n\nSun, 06 Nov 1994 08:49:37 GMT\nSun, 06 Nov 1994 08:49:37 GMT\nbytes=18446744073709551615-\nxx"),
          of_kind(2, "Sun, 06 Nov 1994 08:49:37 GMT"), of_kind(3, "0123456789abcdef0123"), of_kind(3, "report.2024.tar.gz"),
          of_kind(3, std::string(120, 'x') + "\xC3\x89" + std::string(130, 'y') + ".pdf")};
}
