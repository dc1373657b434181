#include "daemon/gateway/failure_page.hpp"

#include <algorithm>
#include <array>

#include "daemon/folder/page.hpp"
#include "daemon/folder/text_escape.hpp"

namespace drawbridge::gateway {
namespace {

struct Sentence {
  unsigned status;
  std::array<const char*, 3> texts;  // in the order of folder::Language
};

constexpr std::array sentences = {
    Sentence{403,
             {"This is not allowed from here.", "Ceci n’est pas autorisé depuis cette page ou cet appareil.",
              "Esto no está permitido desde aquí."}},
    Sentence{404,
             {"The office does not offer this to this device any more.", "Le bureau n’offre plus ceci à cet appareil.",
              "La oficina ya no ofrece esto a este dispositivo."}},
    Sentence{421,
             {"There is no service of this name. Look at the address again.",
              "Aucun service ne porte ce nom. Vérifiez l’adresse.",
              "No hay ningún servicio con este nombre. Revise la dirección."}},
    Sentence{502,
             {"The service at the office does not answer. Try again in a moment.",
              "Le service ne répond pas au bureau. Réessayez dans un instant.",
              "El servicio no responde en la oficina. Inténtelo en un momento."}},
    Sentence{503,
             {"This cannot be opened just now. Try again in a moment.",
              "Impossible d’ouvrir ceci pour le moment. Réessayez dans un instant.",
              "No se puede abrir ahora. Inténtelo en un momento."}},
    Sentence{504,
             {"The office is off or cannot be reached just now. Load this page again later.",
              "Le bureau est éteint ou injoignable pour le moment. Rechargez cette page plus tard.",
              "La oficina está apagada o no está accesible ahora. Vuelva a cargar esta página más tarde."}},
};
constexpr std::array<const char*, 3> language_codes = {"en", "fr", "es"};

constexpr const char* style =
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:22vh auto;padding:0 "
    "1.5rem;text-align:center}h1{font-size:1.2rem;font-weight:600}p{opacity:.65;font-size:.9rem}";

}  // namespace

std::string failure_page(unsigned status, const std::string& message, std::string_view accept_language) {
  auto known =
      std::find_if(sentences.begin(), sentences.end(), [&](const Sentence& one) { return one.status == status; });
  bool own_words = known != sentences.end();
  auto language = own_words ? static_cast<size_t>(folder::choose_language(accept_language)) : 0;
  std::string title = folder::escape_html(own_words ? known->texts[language] : message);
  std::string detail = own_words ? "<p lang=\"en\">" + folder::escape_html(message) + "</p>" : "";
  return std::string("<!doctype html>\n<html lang=\"") + language_codes[language] +
         "\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<title>" +
         title + "</title><style>" + style + "</style></head>\n<body>\n<h1>" + title + "</h1>\n" + detail +
         "\n</body>\n</html>\n";
}

}  // namespace drawbridge::gateway
