"""Servers, URLs, and a door between a store and its server that can be shut."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from conferencekit.testing.postgresql import PostgreSQLServer, end_server, shared_server, start_server
from conferencekit_sqlalchemy import SQLAlchemyStore

Open = Callable[..., SQLAlchemyStore]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A schema of its own on the shared PostgreSQL."""
    return shared_server().url_for(tmp_path)


@pytest.fixture(params=["postgresql", "sqlite"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, and a file of SQLite."""
    if request.param == "sqlite":
        return f"sqlite+pysqlite:///{tmp_path}/store.db"
    return shared_server().url_for(tmp_path)


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens stores, and closes them."""
    with contextlib.ExitStack() as stack:

        def open_(url: str, **options: object) -> SQLAlchemyStore:
            more = "".join(f"&{name}={value}" for name, value in options.items())
            store = SQLAlchemyStore.open(f"{url}{more}")
            stack.callback(store.close)
            return store

        yield open_


@pytest.fixture
def raw(url: str) -> Iterator[Callable[[], psycopg.Connection]]:
    """Connections of psycopg, for somebody else's work on the same tables."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(contextlib.closing(connect(url)))


def connect(url: str) -> psycopg.Connection:
    """A connection beside the store, in its schema."""
    place = make_url(url)
    return psycopg.connect(
        host=place.host,
        port=place.port,
        user=place.username,
        password=place.password,
        dbname=place.database,
        options=f"-c search_path={place.query['schema']}",
    )


_WAITING = """
WITH RECURSIVE waiting(pid) AS (
    SELECT %s::integer
    UNION SELECT each.pid FROM pg_stat_activity each JOIN waiting ON waiting.pid = ANY(pg_blocking_pids(each.pid))
)
SELECT count(*) - 1 FROM waiting
"""


def until_they_wait(url: str, holder: psycopg.Connection, count: int) -> None:
    """Until so many wait for what the holder has, or for one who waits for it."""
    end = time.monotonic() + 120
    with contextlib.closing(connect(url)) as beside:
        beside.autocommit = True
        while beside.execute(_WAITING, [holder.info.backend_pid]).fetchone() != (count,):
            assert time.monotonic() < end, "they do not wait"
            time.sleep(0.01)


@pytest.fixture
def own_server() -> Iterator[Callable[..., PostgreSQLServer]]:
    """Servers with settings of their own."""
    with contextlib.ExitStack() as stack:

        def start(*settings: str, **options: Any) -> PostgreSQLServer:
            server = start_server(*settings, **options)
            stack.callback(end_server, server)
            return server

        yield start


class Door:
    """Passes messages between clients and a server, counts round trips, and shuts at the one that it is told to.

    `shut_at(n)`: nothing of the n-th trip from now on arrives. `shut_after(n)`: it arrives, its answer does not. Either
    way the connection is cut; the next one passes.
    """

    def __init__(self, host: str, port: int) -> None:
        self.trips = 0
        self._target = (host, port)
        self._wait = -1
        self._passes_on = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def shut_at(self, trip: int) -> None:
        self._wait, self._passes_on = self.trips + trip, False

    def shut_after(self, trip: int) -> None:
        self._wait, self._passes_on = self.trips + trip, True

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        muted = threading.Event()
        with client, socket.create_connection(self._target) as server, contextlib.ExitStack() as end:
            for each in (client, server):
                end.callback(_end, each)
            answering = threading.Thread(target=self._answer, args=(server, client, muted), daemon=True)
            answering.start()
            for message in _messages(client):
                if self.trips + 1 == self._wait and message[:1] not in {
                    b"\0",
                    b"H",
                }:  # neither of the start, nor a late flush
                    muted.set()
                    self._wait = -1
                    if not self._passes_on:
                        break
                with contextlib.suppress(OSError):  # then the other thread ends it
                    server.sendall(message)
                if message[:1] in {b"S", b"Q"}:  # Sync, or a simple query: the client waits for an answer
                    self.trips += 1
                    if muted.is_set():
                        server.shutdown(socket.SHUT_WR)
                        answering.join()
                        break

    @staticmethod
    def _answer(server: socket.socket, client: socket.socket, muted: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 20):
                if not muted.is_set():
                    client.sendall(data)
        _end(client)


def _end(connection: socket.socket) -> None:
    """So that the other side hears of it, also while a thread reads."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _messages(client: socket.socket) -> Iterator[bytes]:
    """What a client of PostgreSQL sends: messages with a type, and before them those of the start, without."""
    buffer, skip = b"", 0
    while data := _received(client):
        buffer += data
        while len(buffer) >= skip + 4:
            size = skip + int.from_bytes(buffer[skip : skip + 4])
            if len(buffer) < size:
                break
            if not skip and buffer[4:8] == b"\0\3\0\0":
                skip = 1  # the start itself: from here on they have types
                message, buffer = buffer[:size], buffer[size:]
                yield message
                continue
            message, buffer = buffer[:size], buffer[size:]
            yield message


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(1 << 20)
    except OSError:
        return b""


@pytest.fixture
def door(url: str) -> Iterator[Door]:
    """A door before the shared server."""
    place = make_url(url)
    made = Door(place.host or "127.0.0.1", place.port or 5432)
    yield made
    made.close()


@pytest.fixture
def url_by_door(url: str, door: Door) -> str:
    """The same schema, by the door."""
    place = make_url(url).set(host="127.0.0.1", port=door.port)
    return place.render_as_string(hide_password=False)
