"""Free TCP ports on the loopback address."""

from __future__ import annotations

import errno
import socket

from apiwright.local.errors import LocalServerError

HOST = "127.0.0.1"
_HIGHEST = 65535


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def answers(port: int) -> bool:
    """Whether something accepts connections on `port`."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that nothing listens on, picked by the system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def choose(wanted: int | None, last: int | None) -> int:
    """The port that is wanted, or an error if it is taken; else the last one if free, else any."""
    if wanted is None:
        return last if last and is_free(last) else free_port()
    if not 0 < wanted <= _HIGHEST:
        raise LocalServerError(f"{wanted} is not a port", f"ports go from 1 to {_HIGHEST}")
    if not is_free(wanted):
        raise LocalServerError(
            f"port {wanted} is in use", "end what listens there, or name another"
        )
    return wanted
