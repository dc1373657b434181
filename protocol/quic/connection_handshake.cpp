// The Noise handshake inside QUIC's CRYPTO frames, in the order of calls that ngtcp2 0.12.1 needs, and key updates.
#include <cassert>

#include "protocol/quic/callbacks.hpp"
#include "protocol/quic/connection.hpp"
#include "protocol/quic/key_log.hpp"
#include "protocol/quic/knock.hpp"
#include "protocol/quic/wiping_memory.hpp"

namespace drawbridge::quic {
namespace {

constexpr size_t iv_size = packet_nonce_size;
constexpr uint8_t zero_iv[iv_size] = {};        // the real IV is in our contexts
constexpr size_t parameters_longest = 512;
constexpr Duration assumed_rtt = 50ms;          // before the first sample; a smaller one shortens the first timeout
constexpr uint64_t beyond_reach = uint64_t{1} << 62;
// Forged packets with a valid connection id count here; ngtcp2 ends the connection at the limit, so a stranger who can
// see the id must not reach it in practice. The AEAD's own bound (RFC 9001 6.6: 2^36 and 2^52) is far above what
// arrives between two key updates.
constexpr uint64_t forgeries = uint64_t{1} << 52;

ngtcp2_cid to_cid(ByteView id) {
  ngtcp2_cid cid;
  ngtcp2_cid_init(&cid, id.data(), id.size());
  return cid;
}

ngtcp2_crypto_ctx crypto_parameters() {
  ngtcp2_crypto_ctx context{};
  context.aead.max_overhead = packet_tag_size;
  context.max_encryption = beyond_reach;
  context.max_decryption_failure = forgeries;
  return context;
}

ngtcp2_settings connection_settings(const ConnectionOptions& options, ngtcp2_tstamp now) {
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.cc_algo = options.cubic ? NGTCP2_CC_ALGO_CUBIC : NGTCP2_CC_ALGO_BBR2;
  settings.initial_ts = now;
  settings.initial_rtt = static_cast<ngtcp2_duration>(assumed_rtt.count());
  settings.max_tx_udp_payload_size = limits::largest_packet;
  settings.no_tx_udp_payload_size_shaping = 1;
  settings.no_pmtud = 1;
  settings.handshake_timeout = static_cast<ngtcp2_duration>(limits::handshake_timeout.count());
  settings.rand_ctx.native_handle = options.entropy;
  return settings;
}

ngtcp2_transport_params connection_parameters() {
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_stream_data_bidi_local = limits::stream_window_first;
  params.initial_max_stream_data_bidi_remote = limits::stream_window_first;
  params.initial_max_stream_data_uni = limits::stream_window_first;
  params.initial_max_data = limits::connection_window;
  params.initial_max_streams_bidi = limits::flows_per_peer + 1;  // and the control stream
  params.initial_max_streams_uni = limits::flows_per_peer;
  params.max_idle_timeout = 0;
  params.max_ack_delay = 0;               // acknowledgements are always due; Connection decides how long they wait
  params.active_connection_id_limit = 2;  // never rotated: the path is constant
  params.max_datagram_frame_size = 65535;
  return params;
}

Secret32 x25519(const Secret32& mine, const ExchangePublic& theirs, bool& ok) {
  Secret32 shared;
  ok = dh(mine, theirs, shared);
  return shared;
}

}  // namespace

std::unique_ptr<Connection> Connection::initiate(const ConnectionOptions& options, Instant now, const PairKeys& pair,
                                                 DeviceHandshake handshake, ClientHello hello) {
  auto connection = std::unique_ptr<Connection>(new Connection(options, now));
  connection->pair_ = pair;
  connection->device_handshake_ = std::move(handshake);
  connection->client_hello_ = std::move(hello);
  connection->first_dcid_ = make_knock(pair.knock_tag, *options.entropy);
  std::array<uint8_t, connection_id_size> own{};
  options.entropy->fill(own);
  ngtcp2_cid dcid = to_cid(connection->first_dcid_.view()), scid = to_cid(own);
  ngtcp2_path path = made_up_path();
  ngtcp2_callbacks callbacks = connection_callbacks();
  ngtcp2_settings settings = connection_settings(options, connection->time(now));
  ngtcp2_transport_params params = connection_parameters();
  int error = ngtcp2_conn_client_new(&connection->conn_, &dcid, &scid, &path, NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params,
                                     wiping_memory(), connection.get());
  assert(error == 0);
  options.observer->on_id_issued(ConnectionId(own));
  // A Retry never reaches ngtcp2; should one, its tag is checked under a key that nobody else has.
  ngtcp2_crypto_aead aead = crypto_parameters().aead;
  ngtcp2_crypto_aead_ctx retry = aead_context(new FixedContext(derive_packet_keys(options.entropy->secret32(), AeadId::chacha20_poly1305)));
  ngtcp2_conn_set_retry_aead(connection->conn_, &aead, &retry);
  return error == 0 ? std::move(connection) : nullptr;
}

std::unique_ptr<Connection> Connection::accept(const ConnectionOptions& options, Instant now, ByteView datagram,
                                               const PairKeys& pair, OfficeHandshake handshake, ServerHello answer) {
  ngtcp2_pkt_hd header;
  if (ngtcp2_accept(&header, datagram.data(), datagram.size()) != 0) return nullptr;
  auto connection = std::unique_ptr<Connection>(new Connection(options, now));
  connection->pair_ = pair;
  connection->office_handshake_ = std::move(handshake);
  connection->server_hello_ = std::move(answer);
  connection->first_dcid_ = ConnectionId({header.dcid.data, header.dcid.datalen});
  std::array<uint8_t, connection_id_size> own{};
  options.entropy->fill(own);
  ngtcp2_cid scid = to_cid(own);
  ngtcp2_path path = made_up_path();
  ngtcp2_callbacks callbacks = connection_callbacks();
  ngtcp2_settings settings = connection_settings(options, connection->time(now));
  ngtcp2_transport_params params = connection_parameters();
  params.original_dcid = header.dcid;
  // The header says not to, but Noise needs the encoded parameters before ngtcp2 would fill this in.
  params.initial_scid = scid;
  int error = ngtcp2_conn_server_new(&connection->conn_, &header.scid, &scid, &path, header.version, &callbacks, &settings, &params,
                                     wiping_memory(), connection.get());
  if (error != 0) return nullptr;
  options.observer->on_id_issued(ConnectionId(own));
  return connection;
}

static int install_initial(ngtcp2_conn* conn, const DirectionKeys& keys, End self) {
  KeyLogScope scope(conn, self);
  tell_keys(KeySpace::initial, 0, End::office, keys.to_office, keys.to_office);
  tell_keys(KeySpace::initial, 0, End::device, keys.to_device, keys.to_device);
  ngtcp2_crypto_ctx context = crypto_parameters();
  ngtcp2_conn_set_initial_crypto_ctx(conn, &context);
  const PacketKeys& tx = self == End::device ? keys.to_office : keys.to_device;
  const PacketKeys& rx = self == End::device ? keys.to_device : keys.to_office;
  ngtcp2_crypto_aead_ctx rx_aead = aead_context(new FixedContext(rx)), tx_aead = aead_context(new FixedContext(tx));
  ngtcp2_crypto_cipher_ctx rx_header = header_context(rx), tx_header = header_context(tx);
  return ngtcp2_conn_install_initial_key(conn, &rx_aead, zero_iv, &rx_header, &tx_aead, zero_iv, &tx_header, iv_size);
}

int Connection::begin_device(const PairKeys& pair) {
  if (install_initial(conn_, derive_initial_keys(pair.knock, first_dcid_.view()), End::device) != 0) return NGTCP2_ERR_CALLBACK_FAILURE;
  client_hello_.transport_parameters = encode_parameters();
  Bytes message = framed(device_handshake_->write_message1(client_hello_));
  return ngtcp2_conn_submit_crypto_data(conn_, NGTCP2_CRYPTO_LEVEL_INITIAL, message.data(), message.size());
}

int Connection::begin_office(const ConnectionId& dcid) {
  return install_initial(conn_, derive_initial_keys(pair_.knock, dcid.view()), End::office) == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

Bytes Connection::encode_parameters() {
  Bytes encoded(parameters_longest);
  ngtcp2_ssize size = ngtcp2_conn_encode_local_transport_params(conn_, encoded.data(), encoded.size());
  assert(size > 0);
  encoded.resize(static_cast<size_t>(size));
  return encoded;
}

// CRYPTO bytes arrive in any pieces; a message is two bytes of length and the rest.
int Connection::handle_crypto(ngtcp2_crypto_level level, ByteView bytes) {
  if (level != NGTCP2_CRYPTO_LEVEL_INITIAL && level != NGTCP2_CRYPTO_LEVEL_HANDSHAKE) return NGTCP2_ERR_CRYPTO;
  bool initial = level == NGTCP2_CRYPTO_LEVEL_INITIAL;
  Bytes& pending = crypto_in_[initial ? 0 : 1];
  append(pending, bytes);
  if (pending.size() < 2) return 0;
  size_t length = size_t{pending[0]} << 8 | pending[1];
  if (length > limits::message1_bytes || pending.size() > 2 + length) return NGTCP2_ERR_CRYPTO;
  if (pending.size() < 2 + length) return 0;
  Bytes message(pending.begin() + 2, pending.end());
  pending.clear();
  if (!initial) return handle_finished(message);
  return options_.self == End::office ? handle_message1(message) : handle_message2(message);
}

int Connection::handle_message1(ByteView) {
  // Read before this connection existed; ngtcp2 hands over the same bytes, once.
  if (secrets_) return NGTCP2_ERR_CRYPTO;
  const Bytes& theirs = office_handshake_->hello().transport_parameters;
  if (ngtcp2_conn_decode_remote_transport_params(conn_, theirs.data(), theirs.size()) != 0) return NGTCP2_ERR_CRYPTO;
  server_hello_->transport_parameters = encode_parameters();
  aead_ = server_hello_->aead;
  Bytes message = framed(office_handshake_->write_message2(*server_hello_));
  secrets_ = std::make_unique<HandshakeSecrets>(office_handshake_->secrets());
  hash_ = office_handshake_->hash();
  if (ngtcp2_conn_submit_crypto_data(conn_, NGTCP2_CRYPTO_LEVEL_INITIAL, message.data(), message.size()) != 0 ||
      install_handshake_keys() != 0 || submit_finished() != 0 || install_traffic_keys() != 0) {
    return NGTCP2_ERR_CRYPTO;
  }
  return 0;
}

int Connection::handle_message2(ByteView message) {
  if (secrets_) return NGTCP2_ERR_CRYPTO;
  auto hello = device_handshake_->read_message2(message);
  if (!hello) return NGTCP2_ERR_CRYPTO;
  server_hello_ = std::move(hello);
  if (server_hello_->answer != Answer::accepted) {
    finish_closing(CloseCode::upgrade_needed, true, "no common version");
    return NGTCP2_ERR_CRYPTO;
  }
  const auto& offered = client_hello_.aeads;
  bool chosen = std::find(offered.begin(), offered.end(), server_hello_->aead) != offered.end();
  if (!chosen || server_hello_->version != protocol_version) return NGTCP2_ERR_CRYPTO;
  aead_ = server_hello_->aead;
  const Bytes& theirs = server_hello_->transport_parameters;
  if (ngtcp2_conn_decode_remote_transport_params(conn_, theirs.data(), theirs.size()) != 0) return NGTCP2_ERR_CRYPTO;
  secrets_ = std::make_unique<HandshakeSecrets>(device_handshake_->secrets());
  hash_ = device_handshake_->hash();
  return install_handshake_keys() == 0 ? 0 : NGTCP2_ERR_CRYPTO;
}

int Connection::handle_finished(ByteView message) {
  if (!secrets_ || established_) return NGTCP2_ERR_CRYPTO;
  bool device = options_.self == End::device;
  Secret32 expected = finished_mac(device ? secrets_->finished_office : secrets_->finished_device, hash_);
  if (!equal_constant_time(message, expected.reveal())) return NGTCP2_ERR_CRYPTO;
  if (device && (submit_finished() != 0 || install_traffic_keys() != 0)) return NGTCP2_ERR_CRYPTO;
  return complete();
}

int Connection::complete() {
  ngtcp2_conn_handshake_completed(conn_);
  established_ = true;
  device_handshake_.reset();
  office_handshake_.reset();
  options_.observer->on_handshake_completed();
  return 0;
}

int Connection::install_handshake_keys() {
  ngtcp2_crypto_ctx context = crypto_parameters();
  ngtcp2_conn_set_crypto_ctx(conn_, &context);
  bool device = options_.self == End::device;
  PacketKeys to_office = derive_packet_keys(secrets_->handshake.to_office, AeadId::chacha20_poly1305);
  PacketKeys to_device = derive_packet_keys(secrets_->handshake.to_device, AeadId::chacha20_poly1305);
  KeyLogScope scope(conn_, options_.self);
  tell_keys(KeySpace::handshake, 0, End::office, to_office, to_office);
  tell_keys(KeySpace::handshake, 0, End::device, to_device, to_device);
  const PacketKeys& tx = device ? to_office : to_device;
  const PacketKeys& rx = device ? to_device : to_office;
  ngtcp2_crypto_aead_ctx rx_aead = aead_context(new FixedContext(rx)), tx_aead = aead_context(new FixedContext(tx));
  ngtcp2_crypto_cipher_ctx rx_header = header_context(rx), tx_header = header_context(tx);
  int error = ngtcp2_conn_install_rx_handshake_key(conn_, &rx_aead, zero_iv, iv_size, &rx_header);
  if (error != 0) return error;
  return ngtcp2_conn_install_tx_handshake_key(conn_, &tx_aead, zero_iv, iv_size, &tx_header);
}

int Connection::install_traffic_keys() {
  KeyLogScope scope(conn_, options_.self);
  traffic_ = std::make_unique<TrafficKeys>(secrets_->traffic, aead_, options_.self);
  if (aead_ == AeadId::aes_256_gcm) counts_.seal_limit = options_.key_limits.aes_gcm_packets;
  // ngtcp2 keeps a secret a direction and hands it back at updates; ours are elsewhere, so it gets zeros.
  static constexpr uint8_t no_secret[32] = {};
  ngtcp2_crypto_aead_ctx rx = aead_context(new TrafficContext(*traffic_, 0, counts_));
  ngtcp2_crypto_aead_ctx tx = aead_context(new TrafficContext(*traffic_, 0, counts_));
  ngtcp2_crypto_cipher_ctx rx_header = header_context(traffic_->header_keys(false)), tx_header = header_context(traffic_->header_keys(true));
  int error = ngtcp2_conn_install_rx_key(conn_, no_secret, sizeof no_secret, &rx, zero_iv, iv_size, &rx_header);
  if (error != 0) return error;
  return ngtcp2_conn_install_tx_key(conn_, no_secret, sizeof no_secret, &tx, zero_iv, iv_size, &tx_header);
}

int Connection::submit_finished() {
  bool device = options_.self == End::device;
  Secret32 mac = finished_mac(device ? secrets_->finished_device : secrets_->finished_office, hash_);
  Bytes message = framed(mac.reveal());
  return ngtcp2_conn_submit_crypto_data(conn_, NGTCP2_CRYPTO_LEVEL_HANDSHAKE, message.data(), message.size());
}

// ngtcp2 asks for the next generation long before its keys exist, and as often at both ends: a plain count of calls is
// the generation.
int Connection::update_keys(uint8_t* rx_secret, uint8_t* tx_secret, ngtcp2_crypto_aead_ctx* rx, uint8_t* rx_iv,
                            ngtcp2_crypto_aead_ctx* tx, uint8_t* tx_iv) {
  uint32_t generation = ++update_calls_;
  std::memset(rx_secret, 0, 32);
  std::memset(tx_secret, 0, 32);
  std::memset(rx_iv, 0, iv_size);
  std::memset(tx_iv, 0, iv_size);
  *rx = aead_context(new TrafficContext(*traffic_, generation, counts_));
  *tx = aead_context(new TrafficContext(*traffic_, generation, counts_));
  return 0;
}

std::optional<Connection::RekeyHalf> Connection::begin_rekey(Instant now) {
  if (!established_ || closed_ || frozen() || rekey_ephemeral_ || rekey_wanted_) return std::nullopt;
  bool sealing_newest = counts_.sealing_generation == traffic_->newest(), opening_newest = counts_.opening_generation == traffic_->newest();
  bool idle = !sealing_newest || counts_.sealed == 0;
  bool used_up = (sealing_newest && counts_.sealed >= options_.key_limits.rekey_packets) ||
                 (opening_newest && counts_.opened >= options_.key_limits.rekey_packets);
  if (idle || !(used_up || now - last_rekey_ >= limits::rekey_interval)) return std::nullopt;
  rekey_ephemeral_ = options_.entropy->secret32();
  return RekeyHalf{traffic_->newest() + 1, exchange_public_from(*rekey_ephemeral_)};
}

// Who asks for generations and uses none would push the keys in use out of the ring.
std::optional<Connection::RekeyHalf> Connection::answer_rekey(const RekeyHalf& peer) {
  if (!established_ || options_.self != End::office || peer.generation != traffic_->newest() + 1) return std::nullopt;
  if (traffic_->newest() - counts_.opening_generation > 1) return std::nullopt;
  Secret32 ephemeral = options_.entropy->secret32();
  bool ok = false;
  Secret32 shared = x25519(ephemeral, peer.ephemeral, ok);
  if (!ok) return std::nullopt;
  KeyLogScope scope(conn_, options_.self);
  traffic_->add_generation(shared);
  return RekeyHalf{peer.generation, exchange_public_from(ephemeral)};
}

bool Connection::finish_rekey(Instant now, const RekeyHalf& peer) {
  if (!rekey_ephemeral_ || peer.generation != traffic_->newest() + 1) return false;
  bool ok = false;
  Secret32 shared = x25519(*rekey_ephemeral_, peer.ephemeral, ok);
  rekey_ephemeral_.reset();
  if (!ok) return false;
  KeyLogScope scope(conn_, options_.self);
  traffic_->add_generation(shared);
  last_rekey_ = now;
  rekey_wanted_ = true;
  rekey_retry_ = now;
  return true;
}

}  // namespace drawbridge::quic
