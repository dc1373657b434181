#include "daemon/web/assets.hpp"
#include "words_file.hpp"

using namespace drawbridge;

namespace {

std::string office_file(const std::string& name) {
  const web::Asset* asset = web::find_office_asset(name);
  REQUIRE(asset);
  return to_string(asset->bytes);
}

// Keys that are put together: say(`warn_${code}`).
bool is_made(const std::string& key) {
  for (const char* beginning : {"error_", "warn_", "reach_", "relay_", "audit_", "kind_", "target_"}) {
    if (key.starts_with(beginning)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("Every sentence of the office's page is there in English, French and Spanish, once") {
  std::string file = office_file("words.js");
  auto english = keys_of(file, "english");
  CHECK(english.size() > 200);
  CHECK(std::set<std::string>(english.begin(), english.end()).size() == english.size());
  CHECK(keys_of(file, "french") == english);
  CHECK(keys_of(file, "spanish") == english);
  for (const char* language : {"english", "french", "spanish"}) {
    size_t begin = file.find(std::string("const ") + language + " = {");
    CHECK(file.substr(begin, file.find("\n};", begin) - begin).find('!') == std::string::npos);
  }
}

TEST_CASE("Every sentence that the office's page says is known, and none is idle") {
  auto english = keys_of(office_file("words.js"), "english");
  std::regex said("say\\(\"(\\w+)\"");
  std::string page;
  for (const web::Asset& asset : web::office_assets()) {
    std::string text = to_string(asset.bytes);
    for (std::sregex_iterator at(text.begin(), text.end(), said), none; at != none; ++at) {
      INFO(asset.name << ": " << (*at)[1]);
      CHECK(english.contains((*at)[1]));
    }
    if (asset.name != "words.js") page += text;
  }
  for (const std::string& key : english) {
    INFO(key);
    CHECK((is_made(key) || page.find('"' + key + '"') != std::string::npos || page.find(key + ": new ") != std::string::npos));
  }
}

TEST_CASE("The office's page has no way to make markup from text, and takes nothing from elsewhere") {
  for (const web::Asset& asset : web::office_assets()) {
    std::string text = to_string(asset.bytes);
    for (const char* door : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc", "DOMParser",
                             "createContextualFragment", "javascript:", "style=\"", "<script>", "https://"}) {
      INFO(asset.name << " uses " << door);
      CHECK(text.find(door) == std::string::npos);
    }
  }
}
