// Every bound and duration of the core, with its unit and its reason. Nothing that a peer, paired or not, can make us
// allocate or compute is bounded elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/base/time.hpp"

namespace drawbridge::limits {

// --- strangers ------------------------------------------------------------------------------------------------------
// Packets that belong to no live connection, examined per second: at 5 us each (knock tags of 80 pairs) a flood costs
// a tenth of a core, and live connections are looked up before this bound.
inline constexpr double strange_packets_per_second = 20'000;
inline constexpr double strange_packets_burst = 2'000;
// Handshakes that may begin per pair: a Noise message costs 200 us; a device that reconnects needs two or three.
inline constexpr double handshakes_per_second = 5;
inline constexpr double handshakes_burst = 20;
// Handshakes that have begun and not finished, over all pairs. Each holds about 70 KiB.
inline constexpr size_t half_open_handshakes = 128;

// --- relations ------------------------------------------------------------------------------------------------------
inline constexpr size_t devices = 64;            // live pairs whose knock tags are compared
inline constexpr size_t offices = 16;            // offices that this node is a device of
inline constexpr size_t open_invitations = 16;
inline constexpr size_t revoked_tags = 64;       // revoked pairs whose knocks are still recognised, for the audit
inline constexpr size_t invitation_tries = 64;   // handshakes answered with one invitation; then it is dead
inline constexpr size_t relation_bytes = 64 * 1024;
inline constexpr Duration invitation_longest = std::chrono::hours(24 * 7);

// --- one connection -------------------------------------------------------------------------------------------------
// RFC 9000 14: every path must carry 1200. 1452 = 1500 - 40 (IPv6) - 8 (UDP): the largest that Ethernet carries.
inline constexpr size_t smallest_packet = 1200;
inline constexpr size_t largest_packet = 1452;
// ngtcp2 0.12.1 ends a connection whose stream has 1000 gaps; below 2 MiB full packets cannot make that many.
inline constexpr uint64_t stream_window = 2 * 1024 * 1024;
// Of it a stream gets this much at first, the rest once a quarter of it has come. ngtcp2 gives credit back in lumps of
// half the first window: small ones keep a long transfer limited by the network and not by its windows.
inline constexpr uint64_t stream_window_first = 512 * 1024;
static_assert(stream_window_first < stream_window);
inline constexpr size_t lanes = 4;               // streams that carry one flow: 1 with both directions, 3 more each way
// The connection's window: lanes of two bulk flows at once.
inline constexpr uint64_t connection_window = 16 * 1024 * 1024;
static_assert(connection_window >= lanes * stream_window);
// Received bytes that local programs have not taken yet; beyond it the connection's window no longer moves.
inline constexpr uint64_t unread_bytes = 64 * 1024 * 1024;
inline constexpr size_t flows_per_peer = 1'024;  // a browser opens tens, a busy database client a few hundred
inline constexpr size_t unsent_per_flow = 256 * 1024;  // held by us before the local program is made to wait
inline constexpr uint64_t close_reason_bytes = 64;

// --- datagrams of `udp:` services ------------------------------------------------------------------------------------
inline constexpr size_t datagram_bytes = 65'507;  // what UDP over IPv4 carries: 65535 - 20 - 8
inline constexpr size_t datagram_frame_overhead = 48;  // of a packet: short header, its largest number, tag, type, length
inline constexpr size_t queued_datagrams_per_flow = 64;  // not sent yet: a second of a telephone call
inline constexpr size_t queued_datagram_bytes = 1024 * 1024;  // the same, all flows of a connection
inline constexpr Duration datagram_patience = 1s;   // not sent by then: dropped
inline constexpr size_t datagram_overhead = 64;     // what an arrived one costs beside its bytes
// Arrived and not taken by the local program's socket, each flow; two of the largest.
inline constexpr size_t arrived_datagram_bytes = 128 * 1024 + 4 * datagram_overhead;
static_assert(arrived_datagram_bytes >= 2 * (datagram_bytes + datagram_overhead));

inline constexpr Duration handshake_timeout = 10s;
// Without an authentic packet for so long while something is outstanding, the connection's clock stands still.
inline constexpr Duration freeze_after = 3s;
inline constexpr Duration suspended_longest = std::chrono::hours(24);
inline constexpr uint64_t suspended_bytes = 8 * 1024 * 1024;  // more than this is held for suspended_patience only
inline constexpr Duration suspended_patience = 1min;
// The older of two connections of one device waits so long before it may come back.
inline constexpr Duration replaced_wait = 60s;
inline constexpr Duration revoked_notice = 100ms;  // for the word `revoked` to arrive before the cut

// --- key update -----------------------------------------------------------------------------------------------------
inline constexpr Duration rekey_interval = 2min;
inline constexpr uint64_t rekey_packets = uint64_t{1} << 22;
// RFC 9001 6.6: AES-GCM keeps its confidentiality bound up to 2^23 packets a key.
inline constexpr uint64_t aes_gcm_packets = uint64_t{1} << 23;
static_assert(rekey_packets < aes_gcm_packets);
inline constexpr Duration rekey_retry = 10ms;

// --- paths ----------------------------------------------------------------------------------------------------------
inline constexpr size_t candidates = 16;         // remote addresses tried for one peer
inline constexpr size_t fixed_addresses = 4;       // that an owner names: ports forwarded by hand
inline constexpr size_t fixed_address_bytes = 261;  // a name of 253 bytes (RFC 1035 2.3.4), brackets, a port
inline constexpr size_t link_addresses = 8;      // in an invitation: a code must stay readable by a camera
inline constexpr Duration check_retry_first = 250ms;
inline constexpr Duration check_retry_longest = 45s;
inline constexpr Duration attempt_life = 2s;      // of one handshake attempt; ngtcp2 repeats its Initial within it
inline constexpr Duration keepalive = 25s;       // below the 30 s after which common routers forget a UDP flow
// A shorter binding lifetime is learned (protocol/traversal/binding_lifetime.hpp). Below 5 s a battery suffers more than a
// connection that takes half a second to come back.
inline constexpr Duration keepalive_shortest = 5s;
inline constexpr double binding_margin = 0.8;    // of the shortest idle time that was too long
inline constexpr Duration binding_raise_pause = 1min;
// Before what was too long is tried again, doubled each time that it is so again: each trial costs a moment's outage.
inline constexpr Duration binding_doubted_first = 30min;
inline constexpr Duration binding_doubted_longest = std::chrono::hours(8);
// A direct path that is back so soon after its silence was not away for good: probes take 30 to 60 s.
inline constexpr Duration binding_evidence_life = 90s;
inline constexpr Duration office_patience = 35s; // an office asks for itself when a device's keepalives stay out
inline constexpr Duration answer_proves_for = 30s;  // an address that answered a check is the peer's for so long
inline constexpr Duration path_suspect_after = 500ms;  // data outstanding and nothing came back: check every path
// Loss (docs/spec/traversal.md). While something is carried, one small check a second; three of the newest sixteen are
// lost within half a minute at 10 % each way, and about once in an hour at 1 %. Then 40 on each path within 4 s: at 10 %
// each way 7.6 of them are lost, at 1 % 0.8.
inline constexpr Duration loss_sample_pause = 1s;
inline constexpr size_t loss_samples = 16, loss_suspicious = 3;
inline constexpr size_t loss_checks = 40;
inline constexpr double loss_measurements_per_second = 1.0 / 60, loss_measurements_burst = 2;
inline constexpr Duration loss_measure_pause = 100ms;
inline constexpr size_t loss_others = 2;         // paths beside the one in use: with it 30 checks a second
inline constexpr Duration loss_answer_age = 2min;  // a direct path that has not answered since is not worth measuring
inline constexpr size_t loss_gain = 4;           // 10 % of what was sent: so much less must be lost on another path,
inline constexpr int loss_round_trip_factor = 2;  // ... whose round trip may be so many times as long
inline constexpr Duration loss_round_trip_slack = 50ms;  // ... and this
inline constexpr size_t loss_forgiven = 1;       // more than on the path in use: clean again
inline constexpr Duration loss_pause_first = 60s;  // before what was left is measured again; doubled each time
inline constexpr Duration loss_pause_longest = 10min;
inline constexpr Duration loss_memory = std::chrono::hours(1);
inline constexpr double checks_per_second = 50;  // answered per pair
static_assert(static_cast<double>(loss_others + 1) * (1s / loss_measure_pause) < checks_per_second);
inline constexpr double checks_burst = 100;
inline constexpr Duration ask_again_after = 50ms;  // of an address that a question came from
inline constexpr double learned_per_second = 1, learned_burst = 6;  // new addresses from which the peer has asked
inline constexpr Duration probe_interval = 30s;  // of a device served by a relay, for a direct path; plus as much, drawn
// Ports further apart than this were not given out one after the other: two of a random router's are so close in 1 of 1000
// cases, and between two questions of ours a household's other packets take a few.
inline constexpr int port_step = 32;
inline constexpr Duration direct_patience = 10s;  // relayed for so long: a direct path was tried in vain
inline constexpr Duration connecting_patience = 4s;  // not connected for so long: something is wrong
inline constexpr Duration refusal_told_for = 2min;  // as the cause why a device is not connected
inline constexpr size_t history_pairs = 24;      // of one peer, for people who ask why: more than are tried at a time
static_assert(history_pairs > candidates);
inline constexpr size_t history_transitions = 32;  // of the path in use: a day of an ordinary device
inline constexpr size_t history_checks = 16;     // of one pair, whose loss is told
inline constexpr Duration history_answer_patience = 1s;  // then a check counts as lost
// Finding a port that a router chose (docs/spec/traversal.md). A counting router: so many ports beyond the last one seen,
// sent to a few times, since a first packet may come before the other end has opened its way.
inline constexpr size_t predicted_ports = 16;
inline constexpr int punch_repetitions = 5;
inline constexpr Duration punch_pause = 100ms;   // after the first time; then twice as long each time
// Before that a packet that dies between the two routers opens one's own way, where a packet that came too early would
// close it: so many routers it may pass, one more in every third attempt (a home router behind another).
inline constexpr uint8_t opening_hops = 2;
// A random one: 2048 of 64512 ports against 128 sockets meet with 98 %, and against 192 that only then speak with 99.8 %.
// 100 packets of 110 bytes a second for 20 s are 90 kbit/s: less than a telephone call, and no router's table notices 320
// entries.
inline constexpr size_t search_ports = 320;
inline constexpr size_t search_early_ports = 128;
inline constexpr int search_rate = 100;          // packets a second, each end
inline constexpr size_t search_probes = 2'048;
// The early ones open their ways while the other end probes, each every 2 s, the others once that is over, twice each.
inline constexpr int search_opening_rate = 64;
inline constexpr size_t search_openings = 1'312;
static_assert(search_openings * search_rate >= search_probes * search_opening_rate);
inline constexpr size_t search_late_openings = 2 * (search_ports - search_early_ports);
static_assert(search_openings + search_late_openings <= search_probes);
static_assert(predicted_ports * punch_repetitions <= search_probes);
// Searches of one pair: three in a row (start, a new network, back again), then one in ten minutes.
inline constexpr double searches_per_second = 1.0 / 600;
inline constexpr double searches_burst = 3;
inline constexpr double predictions_per_second = 1.0 / 10;
inline constexpr double predictions_burst = 4;
inline constexpr Duration punch_after = 500ms;   // of ordinary checks in vain
inline constexpr Duration punch_again = 2s;
inline constexpr Duration search_again = 10min;  // sooner only if either end's network has changed
inline constexpr Duration punch_patience = 3s;   // for sockets, relays' answers and the other end's word
// LAN discovery: UDP port of the groups (7470 to 7473 are daemons' and relays'). After an outage of a second other ways
// were tried in vain; a device that is far from its office asks a handful of times, then with its other attempts.
inline constexpr uint16_t lan_port = 7474;
inline constexpr Duration lan_search_after = 1s;
inline constexpr double lan_questions_per_second = 1.0 / 10;
inline constexpr double lan_questions_burst = 3;
inline constexpr size_t lan_answers = 4;         // to one question: two families, two interfaces
inline constexpr size_t queued_datagrams = 512;  // single datagrams (checks, copies of a first packet) not sent yet
inline constexpr Duration flow_patience = 15s;   // a local program waits so long for a bridge that is down
inline constexpr Duration confirm_patience = 5s; // for the office's first word in a new connection
inline constexpr Duration join_patience = 30s;
// By how much a copy of a node (a backup restored, a state folder copied) skips its start number ahead: no node starts
// so often between two backups.
inline constexpr uint64_t starts_skipped = 1 << 20;
inline constexpr size_t amplification = 3;       // bytes to an unvalidated address per byte from it (RFC 9000 8.1)

// --- relay (docs/spec/relay.md) --------------------------------------------------------------------------------------
inline constexpr size_t relays = 32;              // that one node uses: its own and its offices'
inline constexpr size_t own_relays = 8;          // that an owner names
inline constexpr Duration relay_ask_again = 30s;  // the driver, for the address of one that does not answer
// Then the other transport is tried, if there is one. UDP needs one round trip, a WebSocket under TLS four.
inline constexpr Duration relay_udp_patience = 1s;
inline constexpr Duration relay_websocket_patience = 3s;
// While a WebSocket is used: UDP is asked again soon (one packet may have been lost), then ever more seldom.
inline constexpr Duration relay_udp_again_first = 1s;
inline constexpr Duration relay_udp_again = 60s;
inline constexpr Duration relay_udp_again_longest = 10min;
// UDP's head start in a race: near by, where both answer at once, it must not lose to a scheduler.
inline constexpr Duration relay_udp_head_start = 100ms;
inline constexpr Duration relay_udp_remembered = std::chrono::hours(24);  // that UDP passes in a network
inline constexpr size_t relay_udp_networks = 8;
// Once each was tried in vain: before they are tried again, doubled each time.
// How often a relay can make us ask how it sees us, or tell peers that it sees us elsewhere.
inline constexpr double observations_per_second = 0.5, observations_burst = 20;
// How often a peer can make us ask at all the addresses that it has named: 16 packets of 120 bytes.
inline constexpr double probings_per_second = 1, probings_burst = 8;
inline constexpr Duration relay_pause_first = 2s;
inline constexpr Duration relay_pause_office = 2s;    // longest: an office is back within 10 s
inline constexpr Duration relay_pause_device = 15s;   // longest: a battery is spared
inline constexpr size_t relay_channels = 128;    // ends of mailboxes of one client: 64 devices, 16 offices, 16 invitations
static_assert(relay_channels >= devices + offices + open_invitations);
inline constexpr size_t relay_items = 9;         // openings in one message of 1200 bytes
inline constexpr size_t relay_access_tokens = 16;
inline constexpr Duration relay_cookie_life = 10s;
inline constexpr Duration relay_keepalive_device = keepalive;
inline constexpr int keepalive_company = 25;     // a battery's keepalive to a relay waits this part of itself for another
inline constexpr int keepalive_nearly_due = 5;   // ... which takes it along if no more than this part is left
inline constexpr Duration relay_keepalive_office = 5s;
inline constexpr Duration relay_keepalive_longest = 60s;
inline constexpr Duration relay_patience = 5s;   // beyond three keepalives
inline constexpr Duration relay_ping_retry = 500ms;
inline constexpr int relay_pings = 3;            // unanswered: the relay is lost
// An office's relay that dies while idle: found after a keepalive and three pings, of which the second begins anew.
static_assert(relay_keepalive_office + relay_pings * 2 * relay_ping_retry < 10s);
// Ports of a relay that tell a client its address and nothing else; two that are asked one after the other show a
// router that counts up.
inline constexpr size_t relay_observers = 4;
inline constexpr int observation_tries = 3;
inline constexpr Duration observation_retry = 250ms;
inline constexpr size_t observation_rounds = 16; // of one node at a time: its own socket, and those that a search opens
inline constexpr Duration relay_greet_first = 250ms;
inline constexpr Duration relay_greet_longest_office = 5s;
inline constexpr Duration relay_greet_longest_device = 30s;  // and up to as much again, drawn
inline constexpr Duration relay_state_retry = 300ms;
inline constexpr int relay_state_tries = 5;
inline constexpr Duration relay_displaced_wait = replaced_wait;
inline constexpr Duration relay_displaced_longest = std::chrono::hours(1);
inline constexpr int relay_displacements = 6;    // of one mailbox end within the window; then newcomers are refused
inline constexpr Duration relay_displacement_window = 10min;
inline constexpr Duration relay_mailbox_memory = 10min;  // of a mailbox without ends: its quota and its numbers
inline constexpr size_t relay_answers = 1'024;   // challenges and the like that wait to be sent; beyond: dropped
inline constexpr size_t relay_events = 1'024;    // of a client, not taken yet
inline constexpr Duration relay_quota_shown = 10s;  // after the last packet that was dropped for it
inline constexpr size_t relay_text_bytes = 64;   // operator
inline constexpr size_t relay_url_bytes = 255;
inline constexpr size_t relay_token_bytes = 128;
inline constexpr double relay_control_per_second = 20;  // messages of one association that are opened
inline constexpr double relay_control_burst = 64;
inline constexpr size_t relay_addresses = 65'536;  // of clients, whose openings and bytes are counted
inline constexpr size_t relay_frame_bytes = 65'536;  // one WebSocket message
inline constexpr size_t relay_unsent_bytes = 256 * 1024;  // to a WebSocket client that does not read; beyond: dropped

// --- short codes (docs/spec/short-code.md) ---------------------------------------------------------------------------
inline constexpr Duration short_code_patience = 15s;         // until the office must be seen at a relay
inline constexpr int short_code_tries = 3;
inline constexpr double short_code_hellos_per_second = 1;  // exchanges begun with one code: 300 us of computing each
inline constexpr double short_code_hellos_burst = 5;
inline constexpr size_t short_code_exchanges = 4;          // remembered; one device needs one
inline constexpr size_t short_code_answers = 16;           // waiting to be sent
inline constexpr size_t short_code_link_bytes = 1'100;     // one datagram through a relay
static_assert(short_code_link_bytes < smallest_packet - 64);
inline constexpr Duration short_code_repeat_first = 300ms;
inline constexpr Duration short_code_repeat_longest = 2s;

// --- messages -------------------------------------------------------------------------------------------------------
inline constexpr size_t name_bytes = 64;
inline constexpr size_t service_name_bytes = 32;
inline constexpr size_t service_kind_bytes = 16;
inline constexpr size_t service_target_bytes = 1'024;  // a command's line; a longer one belongs into a script
inline constexpr size_t services = 128;
inline constexpr size_t grants_per_device = 128;
inline constexpr size_t control_message_bytes = 32 * 1024;
inline constexpr size_t flow_message_bytes = 512;
inline constexpr size_t text_bytes = 256;        // reasons and explanations from a peer
inline constexpr size_t message1_bytes = 1'000;  // one CRYPTO frame of one 1200-byte datagram
inline constexpr Duration audit_head_interval = 60s;  // in which a device hears of a new head once
inline constexpr size_t audit_record_bytes = 2'048;

// Records of flows reach the disk together, at most so late: a sync for each would bound new connections to the disk's
// syncs, and a power cut loses the records of this last moment only.
inline constexpr Duration lazy_write = 50ms;
inline constexpr Duration refused_write_retry = 5s;  // of a disk that is full or broken
inline constexpr size_t unsaved_rows = 4'096;      // kept for such a disk; beyond, nothing new may begin that is audited

// --- durable counters -----------------------------------------------------------------------------------------------
// Message 1's counter is the wall clock in microseconds, or the last + 1; so far ahead it is reserved on disk.
inline constexpr uint64_t counter_block = 600'000'000;

}  // namespace drawbridge::limits
