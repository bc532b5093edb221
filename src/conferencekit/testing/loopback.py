"""Ports on loopback for the servers that tests start."""

from __future__ import annotations

import socket
import sys


def kept_port() -> tuple[int, socket.socket]:
    """A port that the system gives to nobody else as long as the socket is open.

    A server that sets SO_REUSEADDR, as all do, can take it, also again and again. Elsewhere than on Linux two sockets
    cannot share a port in this way: there it is only known to have been free.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    port: int = kept.getsockname()[1]
    if sys.platform != "linux":
        kept.close()
    return port, kept
