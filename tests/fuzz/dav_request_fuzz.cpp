// What WebDAV clients send: the first byte says whether a PROPFIND (0), PROPPATCH (1) or LOCK (2) body follows, or an If
// header (3).
#include "daemon/folder/dav/if_header.hpp"
#include "daemon/folder/dav/properties.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::folder::dav;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      if (auto request = parse_propfind(rest)) {
        for (const PropertyName& name : request->names) fuzz::require(!name.name.empty(), "every name that is asked for is one");
      }
      return 0;
    case 1:
      // What is kept must be whole XML by itself, wherever it is put.
      if (auto changes = parse_proppatch(rest)) {
        for (const PropertyChange& change : *changes) {
          std::string whole = "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop>" + to_xml(change.property) + "</D:prop></D:set></D:propertyupdate>";
          auto again = parse_proppatch(as_bytes(whole));
          bool too_deep = whole.size() > longest_request_body || !again.ok();
          fuzz::require(too_deep || again->front().property.name == change.property.name, "a kept property reads as itself");
        }
      }
      return 0;
    case 2:
      if (auto request = parse_lockinfo(rest)) fuzz::require(request->owner.size() <= 16 * longest_request_body, "an owner stays in bounds");
      return 0;
    default:
      if (auto header = parse_if_header(as_text(rest))) fuzz::require(!header->lists.empty() && !header->lists[0].conditions.empty(), "a list holds a condition");
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  return {of_kind(0, as_bytes("<propfind xmlns=\"DAV:\"><prop><getetag/><x:y xmlns:x=\"urn:z\"/></prop></propfind>")),
          of_kind(1, as_bytes("<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><z:a xmlns:z=\"urn:z\" xml:lang=\"fr\">b<z:c d=\"e\">&amp;</z:c></z:a></D:prop></D:set>"
                              "<D:remove><D:prop><D:q/></D:prop></D:remove></D:propertyupdate>")),
          of_kind(2, as_bytes("<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:shared/></D:lockscope><D:owner><D:href>x</D:href></D:owner></D:lockinfo>")),
          of_kind(3, as_bytes("</a> (<urn:uuid:1> [\"tag\"]) (Not <urn:uuid:2>)"))};
}
