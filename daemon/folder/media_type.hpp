// What kind of content a file name promises, and how it may be shown without being run.
#pragma once

#include <string>
#include <string_view>

namespace drawbridge::folder {

enum class Preview { none, picture, text, audio, video, pdf };
const char* preview_name(Preview preview);

struct MediaType {
  std::string type;  // of the content, as a browser may be told; text carries its charset
  Preview preview = Preview::none;
};

// By the name's ending. Content that a browser would run (HTML, XML, scripts) is text/plain; SVG is a picture, which
// runs nothing in <img>. Unknown endings: application/octet-stream.
MediaType media_type(std::string_view name);

}  // namespace drawbridge::folder
