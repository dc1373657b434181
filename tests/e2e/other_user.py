"""A program of another user of this computer. Needs root."""

import encodings.idna  # noqa: F401  what connect() loads: another user may not read where Python lives
import os
import socket


def heard_by(user, address, request, most):
    """The first bytes, at most so many, that this user's program is answered at the address; b"": it was reset."""
    theirs, ours = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([]), os.setgid(user), os.setuid(user)
            with socket.create_connection(address, 60) as connection:
                connection.sendall(request)
                os.write(ours, connection.recv(most))
        except OSError:
            pass  # reset
        finally:
            os._exit(0)
    os.close(ours)
    with os.fdopen(theirs, "rb") as heard:
        said = heard.read()
    os.waitpid(child, 0)
    return said
