#include "protocol/quic/callbacks.hpp"

#include <netinet/in.h>

#include "protocol/quic/connection.hpp"

namespace drawbridge::quic {

struct Callbacks {
  static Connection& self(void* user) { return *static_cast<Connection*>(user); }
  static ConnectionObserver& observer(void* user) { return *self(user).options_.observer; }

  static int client_initial(ngtcp2_conn*, void* user) { return self(user).begin_device(self(user).pair_); }
  static int recv_client_initial(ngtcp2_conn*, const ngtcp2_cid* dcid, void* user) {
    return self(user).begin_office(ConnectionId({dcid->data, dcid->datalen}));
  }
  static int recv_crypto_data(ngtcp2_conn*, ngtcp2_crypto_level level, uint64_t, const uint8_t* bytes, size_t size, void* user) {
    return self(user).handle_crypto(level, {bytes, size});
  }
  static int recv_retry(ngtcp2_conn*, const ngtcp2_pkt_hd*, void*) { return NGTCP2_ERR_CALLBACK_FAILURE; }
  static int version_negotiation(ngtcp2_conn*, uint32_t, const ngtcp2_cid*, void*) { return NGTCP2_ERR_CALLBACK_FAILURE; }

  static int recv_stream_data(ngtcp2_conn* conn, uint32_t flags, int64_t stream, uint64_t offset, const uint8_t* bytes, size_t size,
                              void* user, void*) {
    Connection& connection = self(user);
    constexpr uint64_t widen_at = limits::stream_window_first / 4;
    if (offset < widen_at && offset + size >= widen_at) {
      ngtcp2_conn_extend_max_stream_offset(conn, stream, limits::stream_window - limits::stream_window_first);
    }
    // The connection's window moves as bytes arrive, so that one program that does not read stalls nobody else; beyond
    // the bound on unread bytes it moves only as they are read.
    connection.unread_ += size;
    if (connection.unread_ <= limits::unread_bytes) ngtcp2_conn_extend_max_offset(conn, size);
    else connection.withheld_ += size;
    observer(user).on_stream_bytes(stream, {bytes, size}, flags & NGTCP2_STREAM_DATA_FLAG_FIN);
    return 0;
  }
  static int acked_stream_data_offset(ngtcp2_conn*, int64_t stream, uint64_t offset, uint64_t size, void* user, void*) {
    if (SendStream* sender = self(user).sender(stream)) sender->bytes.drop_before(offset + size);
    return 0;
  }
  static int stream_open(ngtcp2_conn*, int64_t stream, void* user) {
    Connection& connection = self(user);
    if (ngtcp2_is_bidi_stream(stream)) connection.senders_.try_emplace(stream, *connection.options_.pool);
    observer(user).on_stream_opened(stream);
    return 0;
  }
  static int stream_close(ngtcp2_conn* conn, uint32_t, int64_t stream, uint64_t, void* user, void*) {
    self(user).senders_.erase(stream);
    if (!ngtcp2_conn_is_local_stream(conn, stream)) {
      if (ngtcp2_is_bidi_stream(stream)) ngtcp2_conn_extend_max_streams_bidi(conn, 1);
      else ngtcp2_conn_extend_max_streams_uni(conn, 1);
    }
    observer(user).on_stream_closed(stream);
    return 0;
  }
  static int stream_reset(ngtcp2_conn*, int64_t stream, uint64_t, uint64_t code, void* user, void*) {
    observer(user).on_stream_reset(stream, code);
    return 0;
  }
  static int stream_stop_sending(ngtcp2_conn*, int64_t stream, uint64_t code, void* user, void*) {
    observer(user).on_stop_sending(stream, code);
    return 0;
  }
  static int extend_max_stream_data(ngtcp2_conn*, int64_t stream, uint64_t, void* user, void*) {
    SendStream* sender = self(user).sender(stream);
    if (!sender) return 0;
    sender->window_blocked = false;
    self(user).queue_sender(stream, *sender);
    return 0;
  }

  static int recv_datagram(ngtcp2_conn*, uint32_t, const uint8_t* bytes, size_t size, void* user) {
    self(user).handle_datagram({bytes, size});
    return 0;
  }

  static int get_new_connection_id(ngtcp2_conn*, ngtcp2_cid* id, uint8_t* token, size_t size, void* user) {
    Entropy& entropy = *self(user).options_.entropy;
    id->datalen = size;
    entropy.fill({id->data, size});
    entropy.fill({token, NGTCP2_STATELESS_RESET_TOKENLEN});
    observer(user).on_id_issued(ConnectionId({id->data, size}));
    return 0;
  }
  static int remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* id, void* user) {
    observer(user).on_id_retired(ConnectionId({id->data, id->datalen}));
    return 0;
  }
  static int update_key(ngtcp2_conn*, uint8_t* rx_secret, uint8_t* tx_secret, ngtcp2_crypto_aead_ctx* rx, uint8_t* rx_iv,
                        ngtcp2_crypto_aead_ctx* tx, uint8_t* tx_iv, const uint8_t*, const uint8_t*, size_t, void* user) {
    return self(user).update_keys(rx_secret, tx_secret, rx, rx_iv, tx, tx_iv);
  }
  static int get_path_challenge_data(ngtcp2_conn*, uint8_t* bytes, void* user) {
    self(user).options_.entropy->fill({bytes, NGTCP2_PATH_CHALLENGE_DATALEN});
    return 0;
  }
};

void fill_random(uint8_t* target, size_t size, const ngtcp2_rand_ctx* context) {
  static_cast<Entropy*>(context->native_handle)->fill({target, size});
}

ngtcp2_callbacks connection_callbacks() {
  ngtcp2_callbacks c{};
  c.client_initial = Callbacks::client_initial;
  c.recv_client_initial = Callbacks::recv_client_initial;
  c.recv_crypto_data = Callbacks::recv_crypto_data;
  c.recv_retry = Callbacks::recv_retry;
  c.version_negotiation = Callbacks::version_negotiation;
  c.encrypt = encrypt_packet;
  c.decrypt = decrypt_packet;
  c.hp_mask = mask_header;
  c.recv_stream_data = Callbacks::recv_stream_data;
  c.acked_stream_data_offset = Callbacks::acked_stream_data_offset;
  c.stream_open = Callbacks::stream_open;
  c.stream_close = Callbacks::stream_close;
  c.stream_reset = Callbacks::stream_reset;
  c.stream_stop_sending = Callbacks::stream_stop_sending;
  c.extend_max_stream_data = Callbacks::extend_max_stream_data;
  c.recv_datagram = Callbacks::recv_datagram;
  c.rand = fill_random;
  c.get_new_connection_id = Callbacks::get_new_connection_id;
  c.remove_connection_id = Callbacks::remove_connection_id;
  c.update_key = Callbacks::update_key;
  c.delete_crypto_aead_ctx = delete_aead_context;
  c.delete_crypto_cipher_ctx = delete_header_context;
  c.get_path_challenge_data = Callbacks::get_path_challenge_data;
  return c;
}

ngtcp2_path made_up_path() {
  static sockaddr_in address = [] {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = 1;
    return a;
  }();
  ngtcp2_addr end{reinterpret_cast<ngtcp2_sockaddr*>(&address), sizeof address};
  return {end, end, nullptr};
}

}  // namespace drawbridge::quic
