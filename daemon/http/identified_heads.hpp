// Heads on their way between a device and a program behind an `http://` target: who asks is told, what could be taken for
// that is removed, and names of this side take the place of those of the other. Pure. docs/spec/http.md
#pragma once

#include <optional>
#include <string>

#include "daemon/http/head_writer.hpp"

namespace drawbridge::http {

// Who asks, as the office knows it.
struct Asker {
  std::string device;       // id in its text form
  std::string device_name;  // UTF-8, chosen by the owner
  std::string office;       // name
};

// 421 for a Host that a stranger could have made point at a device (DNS rebinding): since the program sees its own host
// name in its place, nobody behind us would notice.
std::optional<Refusal> check_host(const Head& head, const std::string& target);

// `target`: HOST:PORT of the program.
std::string request_for_program(const Head& head, const Asker& asker, const std::string& target);
// `asked_host`: the Host of the request that is answered.
std::string response_for_device(const Head& head, const ResponseForm& form, const std::string& asked_host, const std::string& target);

// UTF-8 as a header may hold it: bytes other than visible ASCII, and '%', as %XX.
std::string as_header_text(std::string_view text);

}  // namespace drawbridge::http
