// ByteStream: a connected TCP socket, plain or under TLS, non-blocking.
#pragma once

#include <memory>
#include <string>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/relay/tls_records.hpp"
#include "keys/bytes.hpp"
#include "keys/result.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace drawbridge {

// A certificate and its key, or a client's side; shared by the connections that were made with it.
using TlsSettings = std::shared_ptr<ssl_ctx_st>;
// `io`: a file cannot be read or the two do not belong together; the message says which.
Result<TlsSettings> tls_server_settings(const std::string& certificate, const std::string& key);
// Certificates are not checked: the relay proves its own key inside (docs/spec/relay.md), and a company's proxy that
// opens TLS must not stand in the way.
TlsSettings tls_client_settings();

class ByteStream {
 public:
  enum class Outcome : uint8_t {
    done,         // at least one byte, or the handshake is over
    needs_read,   // again when the socket is readable
    needs_write,  // again when it is writable
    ended,        // by the other side, or an error
  };

  explicit ByteStream(FileDescriptor fd) : fd_(std::move(fd)) {}
  // `host`: the name that the client asks for (SNI).
  void start_tls_server(const TlsSettings& settings);
  void start_tls_client(const TlsSettings& settings, const std::string& host);

  Outcome handshake();  // done at once without TLS
  // `into` of a server's connection has room for least_room bytes.
  static constexpr size_t least_room = 4 * TlsRecords::sealed_longest;
  Outcome read(MutableBytes into, size_t& count);
  // What is not counted is given again, at the beginning of the next call's bytes.
  Outcome write(ByteView bytes, size_t& count);
  // TLS may hold bytes that the socket no longer announces: the last read() has filled all that it was given.
  bool has_buffered() const;
  int fd() const { return fd_.get(); }

 private:
  // From the end of a server's handshake on, if it is TLS 1.3: OpenSSL's part is over.
  struct Records {
    TlsRecords layer;
    Bytes received{};        // the beginning of a record whose rest is to come
    Bytes unsent{};          // sealed, and not taken by the socket yet
    size_t unsent_text = 0;  // bytes that are in it
    bool ended = false;
  };
  struct TrafficSecrets;
  struct Free {
    void operator()(ssl_st* ssl) const;
    void operator()(TrafficSecrets* secrets) const;
  };
  static void keep_secret(const ssl_st* ssl, const char* line);
  friend Result<TlsSettings> tls_server_settings(const std::string& certificate, const std::string& key);
  Outcome outcome_of(int result);
  void take_over_records();
  Outcome read_records(MutableBytes into, size_t& count);
  Outcome write_records(ByteView bytes, size_t& count);

  FileDescriptor fd_;
  TlsSettings settings_;
  bool filled_ = false;
  std::unique_ptr<TrafficSecrets, Free> secrets_;  // while a server's handshake runs
  std::unique_ptr<ssl_st, Free> tls_;
  std::unique_ptr<Records> records_;
};

}  // namespace drawbridge
