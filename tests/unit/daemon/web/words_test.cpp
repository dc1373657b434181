#include <catch2/catch.hpp>
#include <regex>

#include "daemon/web/assets.hpp"
#include "words_file.hpp"

using namespace drawbridge;

namespace {

std::string words_file() {
  const web::Asset* asset = web::find_asset("words.js");
  REQUIRE(asset);
  return to_string(asset->bytes);
}

}  // namespace

TEST_CASE("Every sentence of the page is there in English, French and Spanish, once") {
  std::string file = words_file();
  auto english = keys_of(file, "english");
  CHECK(english.size() > 50);
  CHECK(std::set<std::string>(english.begin(), english.end()).size() == english.size());
  CHECK(keys_of(file, "french") == english);
  CHECK(keys_of(file, "spanish") == english);
}

TEST_CASE("Every sentence that the page says is known") {
  auto english = keys_of(words_file(), "english");
  std::regex said("say\\(\"(\\w+)\"");
  for (const web::Asset& asset : web::assets()) {
    std::string text = to_string(asset.bytes);
    for (std::sregex_iterator at(text.begin(), text.end(), said), none; at != none; ++at) {
      INFO(asset.name << ": " << (*at)[1]);
      CHECK(english.contains((*at)[1]));
    }
  }
}

TEST_CASE("No sentence of the page is idle") {
  std::string page;
  for (const web::Asset& asset : web::assets()) {
    if (asset.name != "words.js") page += to_string(asset.bytes);
  }
  for (const std::string& key : keys_of(words_file(), "english")) {
    INFO(key);
    CHECK((key.starts_with("error_") || page.find('"' + key + '"') != std::string::npos));
  }
}

TEST_CASE("The page never raises its voice and takes nothing from elsewhere") {
  std::string file = words_file();
  for (const char* language : {"english", "french", "spanish"}) {
    size_t begin = file.find(std::string("const ") + language + " = {");
    CHECK(file.substr(begin, file.find("\n};", begin) - begin).find('!') == std::string::npos);
  }
  for (const web::Asset& asset : web::assets()) {
    std::string text = to_string(asset.bytes);
    INFO(asset.name);
    CHECK(text.find("https://") == std::string::npos);
    CHECK(text.find("innerHTML") == std::string::npos);
    CHECK(text.find("eval(") == std::string::npos);
  }
}

TEST_CASE("The page's script has no way to make markup from text") {
  for (const char* name : {"page.js", "dom.js", "list.js", "dialogs.js", "preview.js", "upload.js", "upload_panel.js",
                           "format.js", "office.js", "words.js", "speech.js"}) {
    const web::Asset* asset = web::find_asset(name);
    REQUIRE(asset);
    std::string script = to_string(asset->bytes);
    for (const char* door : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(",
                             "srcdoc", "DOMParser", "createContextualFragment", "javascript:"}) {
      INFO(name << " uses " << door);
      CHECK(script.find(door) == std::string::npos);
    }
  }
}
