#include "cli/command_table.hpp"

namespace drawbridge::cli {

void add_identity_commands(CommandTable&) {}

}  // namespace drawbridge::cli
