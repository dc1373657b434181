#include "daemon/folder/folder_server.hpp"

#include <fcntl.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "daemon/folder/detached_work.hpp"
#include "daemon/folder/confinement.hpp"
#include "daemon/folder/exchange.hpp"
#include "daemon/io/system_error.hpp"
#include "daemon/sandbox/sandbox.hpp"

namespace drawbridge::folder {
namespace {

constexpr unsigned most_connections = 128;
// libmicrohttpd's own limit deadlocks all connections when it is reached (0.9.75), so it must never be: it counts a
// connection until its thread is joined, a little longer than we do.
constexpr unsigned library_limit = 16 * most_connections;
constexpr size_t connection_memory = 64 * 1024;  // header and buffer of one connection; headers are bounded by it
constexpr size_t stack_bytes = 256 * 1024;
constexpr std::chrono::seconds drain(2);

// The path and the query stay as sent: they are decoded once, by us.
size_t keep_escapes(void*, MHD_Connection*, char* text) {
  return std::strlen(text);
}

MHD_Result serve_body(Exchange& exchange, const char* bytes, size_t* length) {
  exchange.body({reinterpret_cast<const uint8_t*>(bytes), *length});
  *length = 0;
  return exchange.too_much_ignored() ? MHD_NO : MHD_YES;
}

// libmicrohttpd calls this with the headers, then with each piece of the body, then with none.
MHD_Result serve(void* served, MHD_Connection* connection, const char* url, const char* method, const char*,
                 const char* bytes, size_t* length, void** state) {
  auto* exchange = static_cast<Exchange*>(*state);
  if (!exchange) {
    auto& shared = *static_cast<Served*>(served);
    if (shared.confined && !confine_thread_to(shared.folder, shared.read_only)) return MHD_NO;
    exchange = new Exchange(shared, connection, method, url);
    *state = exchange;
    auto early = exchange->begin();
    return early ? early->send(connection) : MHD_YES;
  }
  if (*length > 0) return serve_body(*exchange, bytes, length);
  return exchange->finish().send(connection);
}

void completed(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
  delete static_cast<Exchange*>(*state);
  *state = nullptr;
}

void counted(void* open, MHD_Connection*, void**, MHD_ConnectionNotificationCode code) {
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) --*static_cast<std::atomic<unsigned>*>(open);
}

MHD_Daemon* start_daemon(Served* served, std::atomic<unsigned>* open) {
  constexpr unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                             MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC;
  return MHD_start_daemon(flags, 0, nullptr, nullptr, &serve, served, MHD_OPTION_UNESCAPE_CALLBACK, &keep_escapes,
                          nullptr, MHD_OPTION_NOTIFY_COMPLETED, &completed, nullptr, MHD_OPTION_NOTIFY_CONNECTION,
                          &counted, open, MHD_OPTION_CONNECTION_LIMIT, library_limit,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory, MHD_OPTION_THREAD_STACK_SIZE,
                          stack_bytes, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

}  // namespace

struct FolderServer::Parts {
  Served served;
  std::atomic<unsigned> open = 0;  // connections
  MHD_Daemon* daemon = nullptr;
};

FolderServer::FolderServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

FolderServer::~FolderServer() {
  begin_stop();
  stopped_.wait_until(deadline_);
}

void FolderServer::begin_stop() {
  if (!parts_) return;
  deadline_ = std::chrono::steady_clock::now() + drain;
  stopped_ = start_detached([parts = std::shared_ptr<Parts>(std::move(parts_))] { MHD_stop_daemon(parts->daemon); });
}

Result<std::unique_ptr<FolderServer>> FolderServer::start(const std::string& folder, const std::string& service,
                                                            bool read_only, Outside* outside, const std::string& state) {
  auto parts = std::make_unique<Parts>();
  parts->served.folder = folder;
  parts->served.service = service;
  parts->served.read_only = read_only;
  parts->served.state = state;
  parts->served.confined = outside != nullptr;
  auto ran = run_for_folder(outside, [&] { parts->daemon = start_daemon(&parts->served, &parts->open); });
  if (!ran) return ran.error();
  if (!parts->daemon) return folder_not_served(errno);
  return std::unique_ptr<FolderServer>(new FolderServer(std::move(parts)));
}

Result<FileDescriptor> FolderServer::connect() {
  if (parts_->open >= most_connections) {
    return Error{ErrorCode::limit, "Too many connections to this folder are open.", "Close some and try again."};
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
    return system_error("No connection to the folder", errno);
  FileDescriptor ours(ends[0]);
  sockaddr_un nobody{};
  nobody.sun_family = AF_UNIX;
  ++parts_->open;
  // On failure the library closes its end.
  if (MHD_add_connection(parts_->daemon, ends[1], reinterpret_cast<sockaddr*>(&nobody), sizeof nobody) == MHD_YES)
    return ours;
  --parts_->open;
  return system_error("No connection to the folder", errno, "Look for a limit on threads or memory.");
}

}  // namespace drawbridge::folder
