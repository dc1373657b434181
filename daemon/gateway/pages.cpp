#include "daemon/gateway/pages.hpp"

#include "daemon/folder/page.hpp"
#include "daemon/folder/text_escape.hpp"

namespace drawbridge::gateway {
namespace {

using folder::escape_html;
using folder::Language;

struct Words {
  const char *language, *services, *none, *others;
};

Words words(Language language) {
  switch (language) {
    case Language::english:
      return {"en", "Services", "This office offers nothing to this device yet.", "not for a browser"};
    case Language::french:
      return {"fr", "Services", "Ce bureau n’offre encore rien à cet appareil.", "pas pour un navigateur"};
    case Language::spanish:
      return {"es", "Servicios", "Esta oficina todavía no ofrece nada a este dispositivo.", "no es para un navegador"};
  }
  return {};
}

std::string page(const char* language, const std::string& title, const std::string& body) {
  return std::string("<!doctype html>\n<html lang=\"") + language +
         "\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<meta name=\"color-scheme\" content=\"light dark\"><title>" +
         escape_html(title) +
         "</title><link rel=\"icon\" href=\"/.drawbridge/icon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" "
         "href=\"/.drawbridge/page.css\"></head>\n<body>\n" +
         body + "</body>\n</html>\n";
}

}  // namespace

const char* reason_phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Failed";
  }
}

std::string office_page(const RoutedOffice& office, uint16_t port, std::string_view accept_language) {
  Words word = words(folder::choose_language(accept_language));
  std::string rows;
  for (const OfferedService& service : office.services) {
    std::string name = escape_html(service.name);
    std::string url = "http://" + name + "." + office.label + ".localhost:" + std::to_string(port) + "/";
    rows += is_for_browsers(service)
                ? "<tr class=\"folder\"><td class=\"name\"><a class=\"open\" href=\"" + url +
                      "\"><bdi class=\"entry-name\">" + name + "</bdi></a></td></tr>\n"
                : "<tr class=\"file\"><td class=\"name\"><span class=\"open\"><bdi class=\"entry-name\">" + name +
                      "</bdi> <span class=\"hint\">" + word.others + "</span></span></td></tr>\n";
  }
  std::string list = rows.empty() ? std::string("<p class=\"empty\">") + word.none + "</p>\n"
                                  : "<table class=\"list\"><tbody>\n" + rows + "</tbody></table>\n";
  std::string title = escape_html(office.name);
  return page(word.language, office.name,
              "<div id=\"page\"><header class=\"top\"><nav class=\"crumbs\" aria-label=\"" + title + "\"><ol><li>" +
                  title + "</li></ol></nav></header>\n<main>\n<p class=\"note\">" + word.services + "</p>\n" + list +
                  "</main></div>\n");
}

const web::Asset* find_page_asset(std::string_view target) {
  constexpr std::string_view folder = "/.drawbridge/";
  return target.starts_with(folder) ? web::find_asset(target.substr(folder.size())) : nullptr;
}

}  // namespace drawbridge::gateway
