#include "cli/demo/download.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/admin_client.hpp"
#include "cli/failure.hpp"

namespace drawbridge::cli::demo {
namespace {

struct Connection {
  int descriptor = -1;
  ~Connection() { close(descriptor); }
};

void open(Connection& connection, const std::string& address) {
  size_t colon = address.rfind(':');
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<uint16_t>(std::atoi(address.substr(colon + 1).c_str())));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &target.sin_addr);
  connection.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval patience{10, 0};
  setsockopt(connection.descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(connection.descriptor, reinterpret_cast<sockaddr*>(&target), sizeof target) == 0) return;
  throw CommandFailed(ErrorCode::unreachable, fmt::format("Nothing answers at {}.", address), "");
}

// One read; throws at the end of the stream.
ByteView receive(const Connection& connection, Bytes& buffer) {
  ssize_t length = recv(connection.descriptor, buffer.data(), buffer.size(), 0);
  if (length > 0) return ByteView(buffer).first(static_cast<size_t>(length));
  throw CommandFailed(ErrorCode::closed, "The connection ended before the file was whole.", "");
}

// Reads to the end of the header; what follows it stays in `rest`. Returns the length announced.
uint64_t read_header(const Connection& connection, Bytes& buffer, Bytes& rest) {
  std::string header;
  size_t end = header.npos;
  while ((end = header.find("\r\n\r\n")) == header.npos && header.size() < 65536)
    header += as_text(receive(connection, buffer));
  size_t field = header.find("Content-Length: ");
  if (end == header.npos || !header.starts_with("HTTP/1.1 200") || field > end) {
    throw CommandFailed(ErrorCode::malformed, "The folder did not give the file.", "");
  }
  rest = to_bytes(as_bytes(header.substr(end + 4)));
  return std::stoull(header.substr(field + 16));
}

}  // namespace

Download fetch(const std::string& address, const std::string& path) {
  auto started = Clock::now();
  Connection connection;
  open(connection, address);
  std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", path, address);
  if (send(connection.descriptor, request.data(), request.size(), MSG_NOSIGNAL) < 0)
    throw CommandFailed(ErrorCode::closed, "The connection was refused.", "");
  Bytes buffer(1 << 18), piece;
  uint64_t expected = read_header(connection, buffer, piece);
  Download download;
  download.first_byte = Clock::now() - started;
  crypto_generichash_state hash;
  crypto_generichash_init(&hash, nullptr, 0, download.digest.size());
  for (ByteView now = piece;; now = receive(connection, buffer)) {
    crypto_generichash_update(&hash, now.data(), now.size());
    download.bytes += now.size();
    if (download.bytes >= expected) break;
  }
  crypto_generichash_final(&hash, download.digest.data(), download.digest.size());
  download.whole = Clock::now() - started;
  return download;
}

Digest digest_of(ByteView bytes) {
  Digest digest;
  crypto_generichash(digest.data(), digest.size(), bytes.data(), bytes.size(), nullptr, 0);
  return digest;
}

}  // namespace drawbridge::cli::demo
