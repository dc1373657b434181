"""Real programs that an office exposes. Each listens on a loopback port of its own choice and ends with the test."""

import os
import pwd
import shutil
import socket
import subprocess
import threading

from bridge import eventually

POSTGRES = "/usr/lib/postgresql/15/bin"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def end(process):
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=60)


class Postgres:
    """A database cluster of its own; as root it runs as the user postgres, which refuses to be root."""

    def __init__(self, test):
        self.port = free_port()
        self.folder = test.path("postgres")
        os.mkdir(self.folder)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            os.chmod(test.folder, 0o711)
        data = os.path.join(self.folder, "data")
        subprocess.run(self.as_user([f"{POSTGRES}/initdb", "-D", data, "-U", "drawbridge", "-A", "trust", "--no-sync"]),
                       check=True, capture_output=True, cwd=self.folder)
        log = open(os.path.join(self.folder, "log"), "w")
        command = [f"{POSTGRES}/postgres", "-D", data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                   "-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off", "-c", "max_connections=60"]
        self.process = subprocess.Popen(self.as_user(command), stdout=log, stderr=log, cwd=self.folder)
        log.close()
        test.addCleanup(lambda: end(self.process))
        eventually(self.is_ready, 60, "PostgreSQL serves")

    @staticmethod
    def as_user(command):
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command] if os.geteuid() == 0 else command

    def is_ready(self):
        return subprocess.run([f"{POSTGRES}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0


class Nginx:
    """Serves `folder` over HTTP."""

    def __init__(self, test, folder):
        self.port = free_port()
        base = test.path("nginx")
        os.mkdir(base)
        settings = os.path.join(base, "nginx.conf")
        with open(settings, "w") as file:
            file.write(f"""daemon off; pid {base}/pid; error_log {base}/error.log; worker_processes 1;
                {'user root;' if os.geteuid() == 0 else ''}
                events {{}}
                http {{ access_log off; sendfile on; client_body_temp_path {base}/body; proxy_temp_path {base}/proxy;
                        fastcgi_temp_path {base}/fastcgi; uwsgi_temp_path {base}/uwsgi; scgi_temp_path {base}/scgi;
                        server {{ listen 127.0.0.1:{self.port}; root {folder}; }} }}""")
        self.process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-e", f"{base}/error.log", "-c", settings])
        test.addCleanup(lambda: end(self.process))
        eventually(lambda: answers(self.port), 60, "nginx serves")


class OpenSsh:
    """sshd with keys of its own; `client` is the options by which ssh trusts and enters it."""

    def __init__(self, test):
        self.port = free_port()
        base = test.path("ssh")
        os.mkdir(base, 0o700)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{base}/{name}"], check=True)
        shutil.copy(f"{base}/user.pub", f"{base}/authorized")
        with open(f"{base}/host.pub") as key, open(f"{base}/known", "w") as known:
            known.write("office " + key.read())
        with open(f"{base}/sshd_config", "w") as file:
            file.write(f"""ListenAddress 127.0.0.1:{self.port}\nHostKey {base}/host\nAuthorizedKeysFile {base}/authorized
StrictModes no\nPidFile none\nUsePAM no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n""")
        os.makedirs("/run/sshd", exist_ok=True)
        log = open(f"{base}/log", "w")
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", f"{base}/sshd_config"], stderr=log)
        log.close()
        test.addCleanup(lambda: end(self.process))
        eventually(lambda: answers(self.port), 60, "sshd serves")
        self.config = f"{base}/config"
        self.base = base

    def write_client_config(self, proxy_command):
        with open(self.config, "w") as file:
            file.write(f"""Host office\n  ProxyCommand {proxy_command}\n  IdentityFile {self.base}/user\n  IdentitiesOnly yes
  UserKnownHostsFile {self.base}/known\n  StrictHostKeyChecking yes\n  BatchMode yes\n  User {pwd.getpwuid(os.geteuid()).pw_name}\n""")
        return ["-F", self.config]


class Echo(threading.Thread):
    """Sends back what it gets, and its end after the client's."""

    def __init__(self, address=("127.0.0.1", 0)):
        super().__init__(daemon=True)
        self.listener = socket.create_server(address)
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    @staticmethod
    def serve(client):
        with client:
            try:
                while data := client.recv(1 << 16):
                    client.sendall(data)
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the client reset its connection


def exchange(address, data):
    """Sends data with a half-close and returns all that comes back."""
    with socket.create_connection(address, 60) as connection:
        def send():
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        received = bytearray()
        while piece := connection.recv(1 << 16):
            received += piece
        sender.join()
        return bytes(received)


def ends(connection, seconds=60):
    """Whether the other end closes or resets the connection in that time, without sending anything."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def ends_at_once(address):
    """Whether a new connection is refused, reset or closed without a byte."""
    try:
        with socket.create_connection(address, 60) as connection:
            return ends(connection)
    except (ConnectionResetError, ConnectionRefusedError):
        return True
