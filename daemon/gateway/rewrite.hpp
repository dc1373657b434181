// What the gateway changes in heads on their way, Pure.
#pragma once

#include <string>

#include "daemon/http/head_writer.hpp"

namespace drawbridge::gateway {

using http::Head;
using http::MessageParser;
using http::ResponseForm;

// As the office sees it: the Host as the browser sent it.
std::string request_for_service(const Head& head);
// As the browser sees it: no Domain in cookies.
std::string response_for_browser(const Head& head, const ResponseForm& form);

}  // namespace drawbridge::gateway
