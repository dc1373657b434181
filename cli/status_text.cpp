#include "cli/status_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/text_width.hpp"
#include "cli/time_text.hpp"
#include "cli/wrapped_text.hpp"

namespace drawbridge::cli {

using admin::Value;

namespace {

// What a peer's state means for its owner: the cause if there is one, else since when.
std::string peer_detail(const Value& peer, int64_t now) {
  const Value* path = peer.find("path");
  if (peer.text("state") == "connected" && path && path->is_map()) {
    return describe_path(*path) + describe_quality(*path);
  }
  return peer.text("since").empty() ? "" : "since " + relative_time(peer.text("since"), now);
}

Table peer_table(const Value::Array& peers, int64_t now) {
  Table table{{"NAME", "IS", "STATE", "HOW", "ID"}, {}};
  for (const Value& peer : peers) {
    table.rows.push_back(
        {peer.text("name"), peer.text("role"), peer.text("state"), peer_detail(peer, now), short_id(peer.text("id"))});
  }
  return table;
}

Table invitation_table(const Value::Array& invitations, int64_t now) {
  Table table{{"INVITATION", "FOR", "STATE", "ENDS"}, {}};
  for (const Value& invitation : invitations) {
    table.rows.push_back({std::to_string(invitation.uint("id").value_or(0)), invitation.text("name"),
                          invitation.flag("claimed") ? "claimed" : "open",
                          relative_time(invitation.text("expires_at"), now)});
  }
  return table;
}

void add_section(std::vector<std::string>& lines, const Table& table, const Output& style) {
  if (table.rows.empty()) return;
  lines.push_back("");
  for (std::string& line : lines_of(table, style)) lines.push_back(std::move(line));
}

// Sentences are too long for a column.
void add_causes(std::vector<std::string>& lines, const Value::Array& peers, const Output& style) {
  for (const Value& peer : peers) {
    if (peer.text("cause").empty()) continue;
    for (std::string& line : wrapped(peer.text("name") + ": " + peer.text("cause"), text_columns(style), 2)) lines.push_back(std::move(line));
  }
}

void add_warnings(std::vector<std::string>& lines, const Value::Array& warnings, const Output& style) {
  for (const Value& warning : warnings) {
    for (const std::string& line : wrapped(warning.text("message"), text_columns(style))) lines.push_back(style.toned(line, Tone::strong));
    for (std::string& line : wrapped(warning.text("remedy"), text_columns(style))) lines.push_back(std::move(line));
  }
}

std::string joined(const Value::Array& items, const char* separator) {
  std::vector<std::string> texts;
  for (const Value& item : items) {
    if (item.as_text()) texts.push_back(*item.as_text());
  }
  return fmt::format("{}", fmt::join(texts, separator));
}

// Why a path was taken, or left.
std::string reason_text(const std::string& reason) {
  if (reason == "first") return "the first that answered";
  if (reason == "silent") return "no answer by the one before";
  if (reason == "direct") return "direct instead of relayed";
  if (reason == "faster") return "faster than the one before";
  if (reason == "loss") return "the one before lost too much";
  if (reason == "nominated") return "the device chose it";
  if (reason == "back") return "it answers again";
  if (reason == "ended") return "the connection ended";
  return reason;
}

std::string fixed_address_text(const Value& address) {
  std::string found = joined(address.items("found"), ", ");
  std::string cause = address.text("cause");
  if (!cause.empty()) return fmt::format("Fixed address {}: {}", address.text("address"), cause);
  return fmt::format("Fixed address {}{}", address.text("address"), found == address.text("address") ? "" : ", now " + found);
}

}  // namespace

std::string describe_path(const Value& path) {
  // Whose relay it is; its key is for machines.
  if (path.text("kind") == "relayed") return "relayed by " + path.text("relay").substr(0, path.text("relay").find('#'));
  return fmt::format("{}, {}", path.text("kind"), path.text("remote"));
}

std::string describe_quality(const Value& path) {
  std::string out;
  if (auto rtt = path.real("rtt_ms")) out += fmt::format(", {:.1f} ms", *rtt);
  if (auto loss = path.real("loss"); loss && *loss > 0) out += fmt::format(", {:.0f} % lost", *loss * 100);
  return out;
}

std::vector<std::string> describe_transitions(const Value& status, const Output& style) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const Value& peer : status.items("peers")) {
    for (const Value& transition : peer.items("transitions")) {
      std::string path = transition.text("kind").empty() ? "no path" : describe_path(transition);
      found.emplace_back(transition.text("at"), fmt::format("{}: {} ({})", peer.text("name"), path, reason_text(transition.text("reason"))));
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> lines;
  for (const auto& [at, text] : found) lines.push_back(style.toned(time_of_day(at), Tone::faint) + "  " + text);
  return lines;
}

std::vector<std::string> describe_status(const Value& status, int64_t now, const Output& style) {
  static const Value nothing;
  const Value& node = status.find("node") ? *status.find("node") : nothing;
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{}  {}", style.toned(node.text("name"), Tone::strong),
                              style.toned(short_id(node.text("id")), Tone::faint)));
  if (node.flag("locked")) {
    lines.push_back("The key is locked with a passphrase; until then nobody reaches this computer. Say: drawbridge unlock");
    return lines;
  }
  lines.push_back("Listening on " + joined(node.items("listen"), ", "));
  if (node.find("displaced") && *node.find("displaced") == Value(true)) {
    lines.push_back(style.toned("Another copy of this office is running, a restored backup perhaps: this one lets nobody new in.", Tone::strong));
    lines.push_back("Stop the other, or say here: drawbridge take-over");
  }
  add_warnings(lines, status.items("warnings"), style);
  for (const Value& address : status.items("addresses")) lines.push_back(fixed_address_text(address));
  if (const Value* reach = status.find("reach"); reach && reach->is_map()) {
    for (std::string& line : wrapped(reach->text("sentence"), text_columns(style))) lines.push_back(std::move(line));
  }
  if (status.items("peers").empty()) {
    lines.push_back("");
    lines.push_back("Nothing is paired yet. On the office: drawbridge pair. On a device: drawbridge join LINK.");
  }
  add_section(lines, peer_table(status.items("peers"), now), style);
  add_causes(lines, status.items("peers"), style);
  add_section(lines, service_table(status.items("services")), style);
  add_section(lines, invitation_table(status.items("invitations"), now), style);
  return lines;
}

Table service_table(const Value::Array& services) {
  Table table{{"SERVICE", "OFFICE", "KIND", "WHERE", "STATE"}, {}};
  for (const Value& service : services) {
    std::string where = service.text("url");
    if (where.empty()) where = service.text("address");
    if (where.empty() || !service.text("target").empty()) where = service.text("target");
    std::string state = service.text("state");
    if (!service.text("cause").empty()) state += ": " + service.text("cause");
    table.rows.push_back({service.text("name"), service.text("office"), service.text("kind"), where, state});
  }
  return table;
}

// Since when, and until when, a device had access.
static std::string access_of(const Value& device) {
  std::string from = device.text("paired_at"), until = device.text("revoked_at");
  if (!from.empty()) from = local_time(from);
  if (until.empty()) return from.empty() ? "" : "since " + from;
  return (from.empty() ? "until " : from + " to ") + local_time(until);
}

Table device_table(const Value::Array& devices, int64_t now) {
  Table table{{"DEVICE", "STATE", "MAY REACH", "ACCESS", "LAST SEEN", "ID"}, {}};
  for (const Value& device : devices) {
    std::string seen = device.text("state") == "connected" ? "now" : device.text("last_seen");
    if (seen != "now") seen = seen.empty() ? "never" : relative_time(seen, now);
    std::string state = device.text("state");
    if (!device.text("last_refusal").empty()) state += " (" + device.text("last_refusal") + ")";
    table.rows.push_back({device.text("name"), state, describe_grants(device), access_of(device), seen, short_id(device.text("id"))});
  }
  return table;
}

std::string describe_grants(const Value& device) {
  std::vector<std::string> texts;
  for (const Value& grant : device.items("grants_before")) {
    if (grant.as_text()) texts.push_back(*grant.as_text() == "*" ? "everything" : *grant.as_text());
  }
  if (device.text("state") == "revoked") return texts.empty() ? "nothing" : fmt::format("nothing (before: {})", fmt::join(texts, ", "));
  const Value* ends = device.find("grants_until");
  for (const Value& grant : device.items("grants")) {
    if (!grant.as_text()) continue;
    std::string until = ends ? ends->text(*grant.as_text()) : "";
    texts.push_back((*grant.as_text() == "*" ? "everything" : *grant.as_text()) +
                    (until.empty() ? "" : " until " + local_time(until)));
  }
  return texts.empty() ? "nothing" : fmt::format("{}", fmt::join(texts, ", "));
}

std::vector<std::string> lines_of(const Table& table, const Output& style) {
  std::vector<size_t> widths;
  for (const auto& title : table.header) widths.push_back(display_width(title));
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  auto aligned = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      text += cells[i];
      text.append(widths[i] - display_width(cells[i]) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  std::vector<std::string> lines{style.toned(aligned(table.header), Tone::faint)};
  for (const auto& row : table.rows) lines.push_back(aligned(row));
  return lines;
}

std::string short_id(const std::string& id) {
  size_t first = id.find('-');
  size_t second = first == id.npos ? id.npos : id.find('-', first + 1);
  return id.substr(0, second);
}

}  // namespace drawbridge::cli
