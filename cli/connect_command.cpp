// connect: one service on standard input and output (OpenSSH's ProxyCommand), or on a local port.
#include <fmt/format.h>

#include "cli/command_table.hpp"
#include "cli/interrupt.hpp"
#include "cli/splice.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct Arguments {
  std::string service, office, listen;
  bool stdio = false;
};

Value request(const Arguments& arguments) {
  Value made = Value::map(
      {{"service", arguments.service}, {"office", arguments.office.empty() ? Value() : Value(arguments.office)}});
  made.set("mode", arguments.stdio ? "stdio" : "listen");
  if (!arguments.stdio) made.set("listen", arguments.listen.empty() ? "127.0.0.1:0" : arguments.listen);
  return made;
}

// Nothing but the stream's bytes may go to standard output here, whatever the mode.
ExitCode over_stdio(Session& session, const Arguments& arguments) {
  AdminClient client(session.state);
  client.send("connect", request(arguments));
  client.receive();
  if (splice_stdio(client.descriptor(), client.take_rest())) return ExitCode::done;
  session.out.note(fmt::format("The connection to {} was cut.", arguments.service));
  return ExitCode::failed;
}

ExitCode on_local_port(Session& session, const Arguments& arguments) {
  Interrupt interrupt;
  AdminClient client(session.state);
  client.send("connect", request(arguments));
  Value result = client.receive().value();
  if (!session.out.document(result)) {
    session.out.line(fmt::format("{} is at {} until you press Ctrl-C.", arguments.service, result.text("address")));
  }
  client.receive({}, interrupt.descriptor());
  return ExitCode::done;
}

ExitCode connect(Session& session, const Arguments& arguments) {
  if (arguments.stdio && !arguments.listen.empty()) throw usage_error("Give --stdio or --listen, not both.");
  return arguments.stdio ? over_stdio(session, arguments) : on_local_port(session, arguments);
}

}  // namespace

void add_connect_command(CommandTable& table) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = table.add("connect", "Reach one service: on a local port, or on standard input and output",
                            [arguments](Session& session) { return connect(session, *arguments); });
  command->add_option("SERVICE", arguments->service)->required();
  command->add_option("--office", arguments->office, "Which office, if several offer it")->type_name("OFFICE");
  command->add_flag("--stdio", arguments->stdio, "For OpenSSH: ProxyCommand drawbridge connect ssh --stdio");
  command->add_option("--listen", arguments->listen, "Local address (default 127.0.0.1 and a free port)")
      ->type_name("ADDR:PORT");
}

}  // namespace drawbridge::cli
