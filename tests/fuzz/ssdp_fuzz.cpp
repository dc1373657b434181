// What a router, or somebody in its network, answers to the search for it.
#include "daemon/nat/ssdp.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SocketAddress gateway = SocketAddress::v4(192, 168, 1, 1, 0);
  auto url = ssdp_location(as_text({data, size}), gateway);
  if (!url) return 0;
  fuzz::require(url->starts_with("http://192.168.1.1") && is_url_at(*url, gateway), "a URL is at the gateway");
  fuzz::require(url->size() < 128 && url->find('\n') == std::string::npos, "a URL is one short line");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  return {to_bytes(as_bytes("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nUSN: uuid:1\r\nEXT:\r\n"
                            "SERVER: Debian UPnP/1.1\r\nLOCATION: http://192.168.1.1:5000/rootDesc.xml\r\nOPT: \"x\"; ns=01\r\n\r\n")),
          to_bytes(as_bytes("HTTP/1.1 200 OK\nlocation:http://192.168.1.1/\nst:InternetGatewayDevice\n"))};
}
