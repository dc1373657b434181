#include "daemon/relay/byte_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

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

constexpr size_t text_at_once = 4 * TlsRecords::text_longest;

// Sealed bytes on their way in or out, of whichever connection has its turn.
MutableBytes sealed_scratch() {
  constexpr size_t size = std::max(ByteStream::least_room, TlsRecords::sealed_size(text_at_once));
  thread_local std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
  return {bytes.get(), size};
}

Error refused(const std::string& file, const char* what) {
  ERR_clear_error();
  return {ErrorCode::io, file + " " + what, "Name a PEM file with the certificate and those that sign it, and its key."};
}

}  // namespace

struct ByteStream::TrafficSecrets {
  SecretBytes client, server;
};

Result<TlsSettings> tls_server_settings(const std::string& certificate, const std::string& key) {
  TlsSettings settings = settings_for(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(settings.get(), certificate.c_str()) != 1) return refused(certificate, "is no certificate.");
  if (SSL_CTX_use_PrivateKey_file(settings.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) return refused(key, "is no private key.");
  if (SSL_CTX_check_private_key(settings.get()) != 1) return refused(key, "does not belong to the certificate.");
  // A ticket would be a record before ours; clients of relays do not resume.
  SSL_CTX_set_num_tickets(settings.get(), 0);
  SSL_CTX_set_keylog_callback(settings.get(), ByteStream::keep_secret);
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

void ByteStream::Free::operator()(TrafficSecrets* secrets) const {
  delete secrets;
}

void ByteStream::start_tls_server(const TlsSettings& settings) {
  settings_ = settings;
  tls_.reset(SSL_new(settings.get()));
  SSL_set_fd(tls_.get(), fd_.get());
  SSL_set_accept_state(tls_.get());
  secrets_.reset(new TrafficSecrets);
  SSL_set_app_data(tls_.get(), secrets_.get());
  // What follows the handshake stays in the socket: it may be for take_over_records().
  SSL_set_read_ahead(tls_.get(), 0);
}

// The only way in which OpenSSL gives these out; a line is LABEL, the client's random bytes, the secret, in hexadecimal.
void ByteStream::keep_secret(const ssl_st* ssl, const char* line) {
  auto* secrets = static_cast<TrafficSecrets*>(SSL_get_app_data(ssl));
  std::string_view text(line);
  bool client = text.starts_with("CLIENT_TRAFFIC_SECRET_0 ");
  if (!secrets || (!client && !text.starts_with("SERVER_TRAFFIC_SECRET_0 "))) return;
  Bytes secret = from_hex(text.substr(text.rfind(' ') + 1));
  (client ? secrets->client : secrets->server) = SecretBytes(ByteView(secret));
  wipe(secret);
}

void ByteStream::take_over_records() {
  auto secrets = std::exchange(secrets_, nullptr);
  SSL_set_app_data(tls_.get(), nullptr);
  auto suite = TlsRecords::suite_of(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(tls_.get())));
  if (!suite || secrets->client.size() == 0 || secrets->server.size() == 0 || SSL_has_pending(tls_.get())) return void(SSL_set_read_ahead(tls_.get(), 1));
  records_ = std::make_unique<Records>(Records{{*suite, secrets->client.reveal(), secrets->server.reveal()}});
  tls_.reset();
  settings_.reset();
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
  if (result != 1) return outcome_of(result);
  if (secrets_) take_over_records();
  return Outcome::done;
}

ByteStream::Outcome ByteStream::read(MutableBytes into, size_t& count) {
  count = 0;
  if (records_) return read_records(into, count);
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
  if (records_) return write_records(bytes, count);
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
  return (tls_ && filled_) || (records_ && records_->ended);
}

ByteStream::Outcome ByteStream::read_records(MutableBytes into, size_t& count) {
  if (records_->ended) return Outcome::ended;
  MutableBytes sealed = sealed_scratch().first(least_room);
  assert(into.size() >= sealed.size());
  size_t kept = records_->received.size();
  std::copy(records_->received.begin(), records_->received.end(), sealed.begin());
  ssize_t got = recv(fd_.get(), sealed.data() + kept, sealed.size() - kept, 0);
  if (got < 0) return errno == EAGAIN ? Outcome::needs_read : Outcome::ended;
  if (got == 0) return Outcome::ended;
  ByteView whole = sealed.first(kept + static_cast<size_t>(got));
  TlsRecords::Opened opened = records_->layer.open(whole, into);
  Bytes(whole.begin() + static_cast<long>(opened.used), whole.end()).swap(records_->received);
  count = opened.text;
  records_->ended = opened.ended;
  if (count > 0) return Outcome::done;
  return opened.ended ? Outcome::ended : Outcome::needs_read;
}

ByteStream::Outcome ByteStream::write_records(ByteView bytes, size_t& count) {
  Records& records = *records_;
  for (;;) {
    while (!records.unsent.empty()) {
      ssize_t taken = send(fd_.get(), records.unsent.data(), records.unsent.size(), MSG_NOSIGNAL);
      if (taken < 0) return errno == EAGAIN ? Outcome::needs_write : Outcome::ended;
      records.unsent.erase(records.unsent.begin(), records.unsent.begin() + taken);
    }
    Bytes().swap(records.unsent);
    count += std::exchange(records.unsent_text, 0);
    if (count == bytes.size()) return Outcome::done;
    ByteView text = bytes.subspan(count, std::min(bytes.size() - count, text_at_once));
    MutableBytes sealed = sealed_scratch();
    ByteView out = sealed.first(records.layer.seal(text, sealed));
    ssize_t taken = send(fd_.get(), out.data(), out.size(), MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN) return Outcome::ended;
    records.unsent = to_bytes(out.subspan(static_cast<size_t>(std::max<ssize_t>(taken, 0))));
    records.unsent_text = text.size();
  }
}

}  // namespace drawbridge
