// join and leave: what a device does.
#include <fmt/format.h>

#include <istream>

#include "cli/command_table.hpp"
#include "cli/qr/image_reader.hpp"
#include "cli/status_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct Arguments {
  std::string link, name, image;
};

// "-": the link is a secret, and arguments can be seen by other users of this computer.
std::string link_of(Session& session, const Arguments& arguments) {
  if (arguments.link == "-" && arguments.image.empty()) {
    std::string link;
    std::getline(session.in, link);
    return link;
  }
  if (arguments.image.empty() == arguments.link.empty()) throw usage_error("Give either a LINK or --from-image FILE.");
  return arguments.image.empty() ? arguments.link : qr::read_image_file(arguments.image);
}

ExitCode join(Session& session, const Arguments& arguments) {
  Value name = arguments.name.empty() ? Value() : Value(arguments.name);
  Value result = session.ask("join", Value::map({{"link", link_of(session, arguments)}, {"name", name}}),
                             "Looking for the office");
  if (session.out.document(result)) return ExitCode::done;
  const Value* office = result.find("office");
  session.out.line(fmt::format("Paired and connected with {}.", office ? office->text("name") : "the office"));
  if (result.items("services").empty()) session.out.line("It does not allow this device any service yet.");
  for (const std::string& line : lines_of(service_table(result.items("services")), session.out)) {
    if (!result.items("services").empty()) session.out.line(line);
  }
  return ExitCode::done;
}

ExitCode leave(Session& session, const std::string& office) {
  Value result = session.ask("leave", Value::map({{"office", office}}));
  if (session.out.document(result)) return ExitCode::done;
  session.out.line(fmt::format("This device can no longer reach {}.", result.text("name")));
  return ExitCode::done;
}

}  // namespace

void add_join_commands(CommandTable& table) {
  auto arguments = std::make_shared<Arguments>();
  auto* join_command = table.add("join", "Pair this device with an office, by the link or the short code that `pair` showed there",
                                 [arguments](Session& session) { return join(session, *arguments); });
  join_command->add_option("LINK|CODE", arguments->link, "drawbridge:#…, or 7-forest-lamp, or - to read it from standard input");
  join_command->add_option("--name", arguments->name, "How the office shall call this device")->type_name("NAME");
  join_command->add_option("--from-image", arguments->image, "Read the code from a picture (PNG or JPEG)")
      ->type_name("FILE");

  auto office = std::make_shared<std::string>();
  auto* leave_command = table.add("leave", "Forget an office on this device",
                                  [office](Session& session) { return leave(session, *office); });
  leave_command->add_option("OFFICE", *office)->required();
}

}  // namespace drawbridge::cli
