#include "daemon/folder/media_type.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace drawbridge::folder {
namespace {

constexpr const char* plain_text = "text/plain; charset=utf-8";

struct Ending {
  std::string_view ending;
  const char* type;
  Preview preview;
};

constexpr std::array endings = {
    Ending{"png", "image/png", Preview::picture},
    Ending{"jpg", "image/jpeg", Preview::picture},
    Ending{"jpeg", "image/jpeg", Preview::picture},
    Ending{"gif", "image/gif", Preview::picture},
    Ending{"webp", "image/webp", Preview::picture},
    Ending{"avif", "image/avif", Preview::picture},
    Ending{"bmp", "image/bmp", Preview::picture},
    Ending{"ico", "image/vnd.microsoft.icon", Preview::picture},
    Ending{"svg", "image/svg+xml", Preview::picture},
    Ending{"mp3", "audio/mpeg", Preview::audio},
    Ending{"m4a", "audio/mp4", Preview::audio},
    Ending{"aac", "audio/aac", Preview::audio},
    Ending{"ogg", "audio/ogg", Preview::audio},
    Ending{"oga", "audio/ogg", Preview::audio},
    Ending{"opus", "audio/ogg", Preview::audio},
    Ending{"wav", "audio/wav", Preview::audio},
    Ending{"flac", "audio/flac", Preview::audio},
    Ending{"mp4", "video/mp4", Preview::video},
    Ending{"m4v", "video/mp4", Preview::video},
    Ending{"mov", "video/mp4", Preview::video},
    Ending{"webm", "video/webm", Preview::video},
    Ending{"ogv", "video/ogg", Preview::video},
    Ending{"pdf", "application/pdf", Preview::pdf},
    Ending{"zip", "application/zip", Preview::none},
    Ending{"gz", "application/gzip", Preview::none},
    Ending{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Preview::none},
    Ending{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Preview::none},
    Ending{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", Preview::none},
    Ending{"odt", "application/vnd.oasis.opendocument.text", Preview::none},
    Ending{"ods", "application/vnd.oasis.opendocument.spreadsheet", Preview::none},
    Ending{"odp", "application/vnd.oasis.opendocument.presentation", Preview::none},
};

constexpr std::array<std::string_view, 56> text_endings = {
    "txt", "text", "md",  "markdown", "log",  "csv", "tsv", "json", "jsonl", "xml", "html",  "htm",  "xhtml", "css",
    "js",  "mjs",  "ts",  "tsx",      "jsx",  "py",  "rb",  "php",  "pl",    "lua", "sh",    "bash", "bat",   "ps1",
    "c",   "h",    "cc",  "cpp",      "hpp",  "cs",  "go",  "rs",   "java",  "kt",  "swift", "sql",  "r",     "tex",
    "ini", "conf", "cfg", "toml",     "yaml", "yml", "env", "eml",  "ics",   "vcf", "srt",   "vtt",  "diff",  "patch"};

std::string ending_of(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > 10) return {};
  std::string out(name.substr(dot + 1));
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

const char* preview_name(Preview preview) {
  switch (preview) {
    case Preview::none:
      return "none";
    case Preview::picture:
      return "picture";
    case Preview::text:
      return "text";
    case Preview::audio:
      return "audio";
    case Preview::video:
      return "video";
    case Preview::pdf:
      return "pdf";
  }
  return "none";
}

MediaType media_type(std::string_view name) {
  std::string ending = ending_of(name);
  auto known =
      std::find_if(endings.begin(), endings.end(), [&](const Ending& entry) { return entry.ending == ending; });
  if (known != endings.end()) return {known->type, known->preview};
  if (std::find(text_endings.begin(), text_endings.end(), ending) != text_endings.end())
    return {plain_text, Preview::text};
  if (name == "README" || name == "LICENSE" || name == "Makefile") return {plain_text, Preview::text};
  return {"application/octet-stream", Preview::none};
}

}  // namespace drawbridge::folder
