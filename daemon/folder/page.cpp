#include "daemon/folder/page.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "daemon/folder/text_escape.hpp"

namespace drawbridge::folder {
namespace {

struct Words {
  const char *language, *name, *size, *modified, *empty, *truncated;
};

const Words& words(Language language) {
  static const Words english = {
      "en", "Name", "Size", "Modified", "This folder is empty.", "There is more here than can be listed."};
  static const Words french = {"fr",
                               "Nom",
                               "Taille",
                               "Modifié",
                               "Ce dossier est vide.",
                               "Il y a ici plus de fichiers que la liste ne peut en montrer."};
  static const Words spanish = {"es",
                                "Nombre",
                                "Tamaño",
                                "Modificado",
                                "Esta carpeta está vacía.",
                                "Hay más archivos de los que la lista puede mostrar."};
  switch (language) {
    case Language::english:
      return english;
    case Language::french:
      return french;
    case Language::spanish:
      return spanish;
  }
  return english;
}

// "1.4 MB": powers of ten, as disks are sold and as the page's script says it.
std::string size_text(uint64_t bytes) {
  const char* units[] = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  for (; value >= 999.5 && unit < 4; ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text;
}

// "2026-11-22", in UTC: a form that every language reads.
std::string day_text(int64_t ms) {
  std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms))));
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", int(day.year()), unsigned(day.month()), unsigned(day.day()));
  return text;
}

std::string head(const std::string& title, const char* language, bool with_script) {
  std::string script = with_script ? "<script type=\"module\" src=\"/.drawbridge/page.js\"></script>" : "";
  return std::string("<!doctype html>\n<html lang=\"") + language +
         "\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<meta name=\"color-scheme\" content=\"light dark\"><title>" +
         escape_html(title) +
         "</title><link rel=\"icon\" href=\"/.drawbridge/icon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" "
         "href=\"/.drawbridge/page.css\">" +
         script + "</head>\n<body>\n";
}

std::string breadcrumb(const RequestPath& path, const std::string& service) {
  std::string out = "<header class=\"top\"><nav class=\"crumbs\" aria-label=\"" + escape_html(service) + "\"><ol>";
  RequestPath here{{}, true};
  out += "<li><a href=\"/\">" + escape_html(service) + "</a></li>";
  for (const std::string& name : path.names) {
    here.names.push_back(name);
    out += "<li><a href=\"" + escape_html(here.url()) + "\">" + escape_html(name) + "</a></li>";
  }
  return out + "</ol></nav></header>\n";
}

std::string row(const Entry& entry, const RequestPath& folder) {
  std::string url = percent_encode(entry.name) + (entry.is_folder ? "/" : "");
  std::string name = "<bdi>" + escape_html(entry.name) + "</bdi>";
  // "./" keeps a name with a colon from being taken for a scheme; encoded names hold none, but it costs nothing.
  bool reachable = parse_request_path(folder.url() + url).ok();
  if (reachable) name = "<a class=\"open\" href=\"./" + url + "\">" + name + "</a>";
  return std::string("<tr class=\"") + (entry.is_folder ? "folder" : "file") + "\"><td class=\"name\">" + name +
         "</td><td class=\"size\">" + (entry.is_folder ? "" : size_text(entry.bytes)) + "</td><td class=\"date\">" +
         day_text(entry.modified_ms) + "</td></tr>\n";
}

std::string table(const Listing& listing, const Words& word) {
  std::string out = std::string("<table class=\"list\"><thead><tr><th scope=\"col\" class=\"name\">") + word.name +
                    "</th><th scope=\"col\" class=\"size\">" + word.size + "</th><th scope=\"col\" class=\"date\">" +
                    word.modified + "</th></tr></thead>\n<tbody>\n";
  for (const Entry& entry : listing.entries) out += row(entry, listing.path);
  return out + "</tbody></table>\n";
}

}  // namespace

Language choose_language(std::string_view accept_language) {
  while (!accept_language.empty()) {
    size_t comma = std::min(accept_language.find(','), accept_language.size());
    std::string_view one = accept_language.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    if (one.starts_with("en")) return Language::english;
    if (one.starts_with("fr")) return Language::french;
    if (one.starts_with("es")) return Language::spanish;
    accept_language.remove_prefix(std::min(comma + 1, accept_language.size()));
  }
  return Language::english;
}

std::string listing_page(const Listing& listing, const std::string& service, Language language) {
  const Words& word = words(language);
  std::string title = listing.path.is_root() ? service : listing.path.name() + " – " + service;
  std::string out =
      head(title, word.language, true) + "<div id=\"page\" data-service=\"" + escape_html(service) + "\">\n";
  // Room for the tools that the script puts there, so that nothing jumps.
  out += breadcrumb(listing.path, service) + "<div class=\"tools\"></div>\n<main>\n";
  out += listing.entries.empty() ? std::string("<p class=\"empty\">") + word.empty + "</p>\n" : table(listing, word);
  if (listing.truncated) out += std::string("<p class=\"note\">") + word.truncated + "</p>\n";
  return out + "</main>\n</div>\n</body>\n</html>\n";
}

std::string error_page(const Error& error) {
  return head(error.message, "en", false) + "<main class=\"failure\"><h1>" + escape_html(error.message) + "</h1><p>" +
         escape_html(error.remedy) + "</p><p><a href=\"/\">Drawbridge</a></p></main>\n</body>\n</html>\n";
}

}  // namespace drawbridge::folder
