// OfficePage: where the owner sees and steers everything in a browser: on this computer, and on a device that was
// granted the service `office-page`.
//
// On this computer it listens on loopback, at a port of the kernel's choice, and only while a link or a session of
// `drawbridge open` lives; connections of users who have neither are reset. docs/spec/office-page.md
#pragma once

#include <list>
#include <memory>

#include "daemon/office_page/page_connection.hpp"
#include "daemon/services/local_listener.hpp"

namespace drawbridge::office_page {

class OfficePage {
 public:
  struct Hooks {
    std::function<void(admin::CallPtr)> run;  // a command that somebody asks for on the page
    std::function<void(const LocalRefusal&)> refused;
  };

  // `entropy` and `owners` must outlive the page.
  OfficePage(Loop& loop, Entropy& entropy, SocketOwners& owners, Hooks hooks);
  ~OfficePage();
  OfficePage(const OfficePage&) = delete;
  OfficePage& operator=(const OfficePage&) = delete;

  // A link that opens the page once, for a program of `user`, within link_lives.
  Result<std::string> open(uid_t user);
  // Ends every session and link on this computer; how many sessions there were.
  size_t close();

  // A connection for a device, whose name and service `device` holds: the end that carries its flow. `limit`: it has too
  // many.
  Result<FileDescriptor> connect(const admin::Caller& device);

  // Destroys connections that are over; call at the turn's end.
  void sweep();
  bool listening() const { return !listeners_.empty(); }

 private:
  struct Client {
    std::unique_ptr<PageConnection> connection;
    std::optional<DeviceId> device;
    bool over = false;
  };
  Result<void> listen();
  bool listen_at(uint16_t port);
  void accepted(FileDescriptor fd);
  void add(FileDescriptor fd, const std::string& host, admin::Caller caller);
  size_t count(const std::optional<DeviceId>& device) const;
  void sessions_changed();

  Loop& loop_;
  SocketOwners& owners_;
  Hooks hooks_;
  Sessions sessions_;
  PageConnection::Surroundings around_;
  LocalUsers users_;
  uint16_t port_ = 0;
  std::vector<std::unique_ptr<LocalListener>> listeners_;
  std::list<Client> clients_;
  bool any_over_ = false, stop_listening_ = false;
  LocalTimer look_;  // for sessions that are over
};

}  // namespace drawbridge::office_page
