#include "daemon/folder/dav/request_body.hpp"

#include <expat.h>

#include <functional>
#include <memory>

#include "daemon/folder/text_escape.hpp"

namespace drawbridge::folder::dav {
namespace {

constexpr size_t deepest = 32;
constexpr size_t most_elements = 2'000;
constexpr char separator = '\n';  // between an element's namespace and its name; in neither

Error malformed() {
  return {ErrorCode::malformed, "The request's body is not the XML that it should be.", ""};
}

PropertyName split(const char* text) {
  std::string_view whole(text);
  size_t at = whole.rfind(separator);
  if (at == std::string_view::npos) return {"", std::string(whole)};
  return {std::string(whole.substr(0, at)), std::string(whole.substr(at + 1))};
}

bool is_dav(const PropertyName& name, std::string_view local) { return name.space == dav_namespace && name.name == local; }

// Walks through a document: `start` for each element with the names of those around it, and the content of chosen elements
// written anew.
class Reader {
 public:
  using Start = std::function<void(Reader&, const std::vector<PropertyName>& path, const char** attributes)>;
  using Captured = std::function<void(Reader&, const std::vector<PropertyName>& path, std::string content)>;

  Reader(Start start, Captured captured) : start_(std::move(start)), captured_(std::move(captured)) {}

  bool read(ByteView body) {
    if (body.size() > longest_request_body) return false;
    std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreateNS(nullptr, separator), &XML_ParserFree);
    parser_ = parser.get();
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, &on_start, &on_end);
    XML_SetCharacterDataHandler(parser_, &on_text);
    XML_SetStartDoctypeDeclHandler(parser_, &on_doctype);
    return XML_Parse(parser_, reinterpret_cast<const char*>(body.data()), static_cast<int>(body.size()), 1) == XML_STATUS_OK && !failed_;
  }

  // The content of the element that has just begun is wanted.
  void capture() { capture_depth_ = path_.size(); }
  void fail() {
    failed_ = true;
    XML_StopParser(parser_, XML_FALSE);
  }

 private:
  static Reader& self(void* user) { return *static_cast<Reader*>(user); }
  static void on_start(void* user, const char* name, const char** attributes) { self(user).begin(name, attributes); }
  static void on_end(void* user, const char*) { self(user).end(); }
  static void on_text(void* user, const char* text, int length) {
    Reader& reader = self(user);
    if (reader.capture_depth_) reader.content_ += escape_html({text, static_cast<size_t>(length)});
  }
  static void on_doctype(void* user, const char*, const char*, const char*, int) { self(user).fail(); }

  void begin(const char* name, const char** attributes) {
    if (path_.size() >= deepest || ++elements_ > most_elements) return fail();
    path_.push_back(split(name));
    if (capture_depth_) return write_start(attributes);
    start_(*this, path_, attributes);
  }
  void end() {
    if (capture_depth_ && path_.size() == capture_depth_) {
      capture_depth_ = 0;
      captured_(*this, path_, std::exchange(content_, {}));
    } else if (capture_depth_) {
      content_ += path_.back().space.empty() ? "</" + path_.back().name + ">" : "</x:" + path_.back().name + ">";
    }
    path_.pop_back();
  }
  // Each element says its own namespace: what is kept may stand in any document.
  void write_start(const char** attributes) {
    const PropertyName& name = path_.back();
    content_ += name.space.empty() ? "<" + name.name : "<x:" + name.name + " xmlns:x=\"" + escape_html(name.space) + "\"";
    for (int i = 0; attributes[i]; i += 2) {
      PropertyName attribute = split(attributes[i]);
      std::string prefix = attribute.space.empty() ? "" : attribute.space == xml_namespace ? "xml:" : "y" + std::to_string(i) + ":";
      if (prefix.starts_with('y')) content_ += " xmlns:" + prefix.substr(0, prefix.size() - 1) + "=\"" + escape_html(attribute.space) + "\"";
      content_ += " " + prefix + attribute.name + "=\"" + escape_html(attributes[i + 1]) + "\"";
    }
    content_ += ">";
  }

 public:
  static constexpr std::string_view xml_namespace = "http://www.w3.org/XML/1998/namespace";

 private:
  Start start_;
  Captured captured_;
  XML_Parser parser_ = nullptr;
  std::vector<PropertyName> path_;
  size_t elements_ = 0, capture_depth_ = 0;
  std::string content_;
  bool failed_ = false;
};

std::string language_of(const char** attributes) {
  for (int i = 0; attributes[i]; i += 2) {
    PropertyName name = split(attributes[i]);
    if (name.space == Reader::xml_namespace && name.name == "lang") return attributes[i + 1];
  }
  return {};
}

}  // namespace

Result<PropertyRequest> parse_propfind(ByteView body) {
  PropertyRequest request;
  if (body.empty()) return request;
  bool seen = false;
  Reader reader(
      [&](Reader& self, const std::vector<PropertyName>& path, const char**) {
        if (path.size() == 1 && !is_dav(path[0], "propfind")) return self.fail();
        if (path.size() == 2) {
          seen = true;
          if (is_dav(path[1], "propname")) request.kind = PropertyRequest::Kind::names;
          if (is_dav(path[1], "prop")) request.kind = PropertyRequest::Kind::some;
        }
        bool named = path.size() == 3 && (is_dav(path[1], "prop") || is_dav(path[1], "include"));
        if (named) request.names.push_back(path[2]);
      },
      [](Reader&, const std::vector<PropertyName>&, std::string) {});
  if (!reader.read(body) || !seen) return malformed();
  return request;
}

Result<std::vector<PropertyChange>> parse_proppatch(ByteView body) {
  std::vector<PropertyChange> changes;
  Reader reader(
      [&](Reader& self, const std::vector<PropertyName>& path, const char** attributes) {
        if (path.size() == 1 && !is_dav(path[0], "propertyupdate")) return self.fail();
        bool of_prop = path.size() == 4 && is_dav(path[2], "prop");
        if (!of_prop) return;
        changes.push_back({is_dav(path[1], "remove"), {path[3], language_of(attributes), ""}});
        self.capture();
      },
      [&](Reader&, const std::vector<PropertyName>&, std::string content) { changes.back().property.content = std::move(content); });
  if (!reader.read(body) || changes.empty()) return malformed();
  return changes;
}

Result<LockRequest> parse_lockinfo(ByteView body) {
  LockRequest request;
  bool scope = false;
  Reader reader(
      [&](Reader& self, const std::vector<PropertyName>& path, const char**) {
        if (path.size() == 1 && !is_dav(path[0], "lockinfo")) return self.fail();
        if (path.size() == 3 && is_dav(path[1], "lockscope")) {
          scope = true;
          request.exclusive = !is_dav(path[2], "shared");
        }
        if (path.size() == 2 && is_dav(path[1], "owner")) self.capture();
      },
      [&](Reader&, const std::vector<PropertyName>&, std::string content) { request.owner = std::move(content); });
  if (!reader.read(body) || !scope) return malformed();
  return request;
}

}  // namespace drawbridge::folder::dav
