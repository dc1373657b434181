#include "daemon/services/socket_owner.hpp"

#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "daemon/io/datagram_socket.hpp"

using namespace drawbridge;

namespace {

struct Connection {
  FileDescriptor listener, client;

  explicit Connection(const std::string& address) : listener(listen_tcp(parse_socket_address(address).take()).take()) {
    client = connect_tcp(own_address(listener.get())).fd;
  }
  std::optional<uid_t> owner(SocketOwners& owners) {
    return owners.owner(SocketOwners::Kind::stream, own_address(client.get()), own_address(listener.get()));
  }
};

}  // namespace

TEST_CASE("the kernel names the user of a local connection's program") {
  auto address = GENERATE(as<std::string>{}, "127.0.0.1:0", "127.83.4.5:0", "[::1]:0");
  SocketOwners owners;
  Connection connection(address);
  CHECK(connection.owner(owners) == geteuid());
}

TEST_CASE("the kernel names the user of a program that sends datagrams, connected or not") {
  SocketOwners owners;
  auto server = open_datagram_socket(SocketAddress::v4(127, 83, 4, 5, 0)).take();
  ConnectAttempt client = connect_datagrams(own_address(server.get()));
  CHECK(owners.owner(SocketOwners::Kind::datagram, own_address(client.fd.get()), own_address(server.get())) == geteuid());

  auto anywhere = open_datagram_socket(SocketAddress::v4(0, 0, 0, 0, 0)).take();
  SocketAddress seen = SocketAddress::v4(127, 0, 0, 1, own_address(anywhere.get()).port);
  CHECK(owners.owner(SocketOwners::Kind::datagram, seen, own_address(server.get())) == geteuid());
  anywhere.reset();
  CHECK_FALSE(owners.owner(SocketOwners::Kind::datagram, seen, own_address(server.get())).has_value());
}

TEST_CASE("a connection that does not exist or is closed already has no owner") {
  SocketOwners owners;
  Connection connection("127.0.0.1:0");
  SocketAddress client = own_address(connection.client.get()), server = own_address(connection.listener.get());
  connection.client.reset();
  CHECK_FALSE(owners.owner(SocketOwners::Kind::stream, client, server).has_value());
  client.port = 1;
  CHECK_FALSE(owners.owner(SocketOwners::Kind::stream, client, server).has_value());
}

TEST_CASE("another user's connection is told apart") {
  if (geteuid() != 0) return;  // only root can become somebody else
  auto listener = listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take();
  int to_parent[2], to_child[2];
  REQUIRE(pipe(to_parent) == 0);
  REQUIRE(pipe(to_child) == 0);
  pid_t child = fork();
  if (child == 0) {
    if (setuid(65534) != 0) _exit(1);
    ConnectAttempt attempt = connect_tcp(own_address(listener.get()));
    SocketAddress mine = own_address(attempt.fd.get());
    char wait;
    _exit(write(to_parent[1], &mine, sizeof mine) != sizeof mine || read(to_child[0], &wait, 1) < 0);
  }
  SocketAddress client;
  REQUIRE(read(to_parent[0], &client, sizeof client) == sizeof client);
  CHECK(SocketOwners().owner(SocketOwners::Kind::stream, client, own_address(listener.get())) == 65534);
  REQUIRE(write(to_child[1], "x", 1) == 1);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}
