#include "daemon/relay/byte_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

namespace drawbridge {
namespace {

constexpr size_t tls_read_buffer = 4 * (SSL3_RT_MAX_PLAIN_LENGTH + SSL3_RT_MAX_ENCRYPTED_OVERHEAD + SSL3_RT_HEADER_LENGTH);

TlsSettings settings_for(const SSL_METHOD* method) {
  TlsSettings settings(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(settings.get(), TLS1_2_VERSION);
  // An idle connection gives its buffers back; a write may go on from another place in memory.
  SSL_CTX_set_mode(settings.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(settings.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(settings.get(), SSL_SESS_CACHE_OFF);
  // Several records a system call, where one for each head and one for each body is the default.
  SSL_CTX_set_read_ahead(settings.get(), 1);
  SSL_CTX_set_default_read_buffer_len(settings.get(), tls_read_buffer);
  return settings;
}

Error refused(const std::string& file, const char* what) {
  ERR_clear_error();
  return {ErrorCode::io, file + " " + what, "Name a PEM file with the certificate and those that sign it, and its key."};
}

}  // namespace

Result<TlsSettings> tls_server_settings(const std::string& certificate, const std::string& key) {
  TlsSettings settings = settings_for(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(settings.get(), certificate.c_str()) != 1) return refused(certificate, "is no certificate.");
  if (SSL_CTX_use_PrivateKey_file(settings.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) return refused(key, "is no private key.");
  if (SSL_CTX_check_private_key(settings.get()) != 1) return refused(key, "does not belong to the certificate.");
  return settings;
}

TlsSettings tls_client_settings() {
  TlsSettings settings = settings_for(TLS_client_method());
  SSL_CTX_set_verify(settings.get(), SSL_VERIFY_NONE, nullptr);
  return settings;
}

void ByteStream::Free::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

void ByteStream::start_tls_server(const TlsSettings& settings) {
  settings_ = settings;
  tls_.reset(SSL_new(settings.get()));
  SSL_set_fd(tls_.get(), fd_.get());
  SSL_set_accept_state(tls_.get());
}

void ByteStream::start_tls_client(const TlsSettings& settings, const std::string& host) {
  settings_ = settings;
  tls_.reset(SSL_new(settings.get()));
  SSL_set_fd(tls_.get(), fd_.get());
  if (host.find(':') == std::string::npos) SSL_set_tlsext_host_name(tls_.get(), host.c_str());
  SSL_set_connect_state(tls_.get());
}

ByteStream::Outcome ByteStream::outcome_of(int result) {
  int error = SSL_get_error(tls_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ) return Outcome::needs_read;
  if (error == SSL_ERROR_WANT_WRITE) return Outcome::needs_write;
  return Outcome::ended;
}

ByteStream::Outcome ByteStream::handshake() {
  if (!tls_) return Outcome::done;
  ERR_clear_error();
  int result = SSL_do_handshake(tls_.get());
  return result == 1 ? Outcome::done : outcome_of(result);
}

ByteStream::Outcome ByteStream::read(MutableBytes into, size_t& count) {
  count = 0;
  if (tls_) {
    // A record has at most 16 KiB: fill the buffer from several.
    while (count < into.size()) {
      int got = SSL_read(tls_.get(), into.data() + count, static_cast<int>(into.size() - count));
      filled_ = got > 0;
      if (got <= 0) return count > 0 ? Outcome::done : outcome_of(got);
      count += static_cast<size_t>(got);
    }
    return Outcome::done;
  }
  ssize_t got = recv(fd_.get(), into.data(), into.size(), 0);
  if (got < 0) return errno == EAGAIN ? Outcome::needs_read : Outcome::ended;
  count = static_cast<size_t>(got);
  return got > 0 ? Outcome::done : Outcome::ended;
}

ByteStream::Outcome ByteStream::write(ByteView bytes, size_t& count) {
  count = 0;
  if (tls_) {
    while (count < bytes.size()) {
      int taken = SSL_write(tls_.get(), bytes.data() + count, static_cast<int>(bytes.size() - count));
      if (taken <= 0) return outcome_of(taken);
      count += static_cast<size_t>(taken);
    }
    return Outcome::done;
  }
  ssize_t taken = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (taken < 0) return errno == EAGAIN ? Outcome::needs_write : Outcome::ended;
  count = static_cast<size_t>(taken);
  return count == bytes.size() ? Outcome::done : Outcome::needs_write;
}

bool ByteStream::has_buffered() const {
  return tls_ && filled_;
}

}  // namespace drawbridge
