"""A small real IMAP server on loopback: folders of mails, sign-in, searching, fetching, marking. It notes what is said."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import socketserver
import ssl
import threading
from typing import Any, Self

PASSWORD = 'p "a\\ss wörd'


class _Handler(socketserver.StreamRequestHandler):
    """One connection."""

    server: _Server

    def handle(self) -> None:
        self.folder: str | None = None
        self.is_readonly = True
        self.say(b"* OK ready")
        while line := self.rfile.readline(65_536):
            tag, _, command = line.rstrip(b"\r\n").decode().partition(" ")
            name = " ".join(command.split(" ")[: 2 if command.upper().startswith("UID ") else 1]).upper()
            rest = command[len(name) :].strip()
            self.server.imap.said.append(f"{name} {rest}".strip())
            if answer := self.server.imap.answers.pop(name, None):
                if answer == "hang up":
                    return
                if answer.startswith("*"):
                    with contextlib.suppress(OSError):
                        self.wfile.write(answer.encode())
                    return
                self.say(f"{tag} {answer}".encode())
                continue
            method = getattr(self, "do_" + name.replace(" ", "_").lower(), None)
            done = method(rest) if method else "BAD unknown command"
            self.say(f"{tag} {done} done".encode())
            if name == "LOGOUT":
                return

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    # -- commands

    def do_capability(self, _: str) -> str:
        plain = "AUTH=PLAIN" if self.server.imap.takes_plain else ""
        self.say(f"* CAPABILITY IMAP4rev1 {plain}".rstrip().encode())
        return "OK"

    def do_login(self, rest: str) -> str:
        user, password = (re.sub(r"\\(.)", r"\1", each) for each in re.findall(r'"((?:[^"\\]|\\.)*)"', rest))
        return self._signed_in(user, password)

    def do_authenticate(self, _: str) -> str:
        self.say(b"+ ")
        _, user, password = base64.b64decode(self.rfile.readline()).decode().split("\0")
        return self._signed_in(user, password)

    def _signed_in(self, user: str, password: str) -> str:
        is_right = (user, password) == ("ada@example.org", self.server.imap.password)
        return "OK" if is_right else "NO [AUTHENTICATIONFAILED] wrong name or password"

    def do_select(self, rest: str, *, readonly: bool = False) -> str:
        folder = rest.strip('"')
        if folder not in self.server.imap.folders:
            return "NO no such folder"
        self.folder, self.is_readonly = folder, readonly
        self.say(f"* {len(self.mails)} EXISTS".encode())
        self.say(f"* OK [UIDVALIDITY {self.server.imap.validity}] valid".encode())
        return "OK [READ-ONLY]" if readonly else "OK [READ-WRITE]"

    def do_examine(self, rest: str) -> str:
        return self.do_select(rest, readonly=True)

    @property
    def mails(self) -> dict[int, bytes]:
        return self.server.imap.folders[self.folder or ""]

    def do_uid_search(self, rest: str) -> str:
        found = [str(each) for each in self._chosen(rest.removeprefix("UID "))]
        self.say(" ".join(["* SEARCH", *found]).encode())
        return "OK"

    def do_uid_fetch(self, rest: str) -> str:
        chosen, _, items = rest.partition(" ")
        for uid in self._chosen(chosen):
            data = self.mails[uid]
            if "BODY.PEEK[]" in items:
                self.say(f"* 1 FETCH (UID {uid} BODY[] {{{len(data)}}}".encode())
                self.wfile.write(data)
                self.say(b")")
                self.say(b"* 1 EXISTS")
            else:
                size = self.server.imap.sizes.get(uid, len(data))
                self.say(f"* 1 FETCH (RFC822.SIZE {size} UID {uid})".encode())
        return "OK"

    def do_uid_store(self, rest: str) -> str:
        if self.is_readonly:
            return "NO read-only"
        self.server.imap.seen |= set(self._chosen(rest.partition(" ")[0]))
        return "OK"

    def do_noop(self, _: str) -> str:
        return "OK"

    def do_logout(self, _: str) -> str:
        self.say(b"* BYE")
        return "OK"

    def _chosen(self, text: str) -> list[int]:
        uids = sorted(self.mails)
        found: set[int] = set()
        for piece in text.split(","):
            first, _, last = piece.partition(":")
            ends = [max(uids, default=0) if each == "*" else int(each) for each in (first, last or first)]
            found |= {each for each in uids if min(ends) <= each <= max(ends)}
        return sorted(found)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, imap: ImapServer) -> None:
        self.imap = imap
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        found, address = super().get_request()
        context = self.imap.context
        return (context.wrap_socket(found, server_side=True) if context else found), address

    def handle_error(self, *_: object) -> None:
        """A client that does not trust the certificate hangs up."""


class ImapServer:
    """Folders by their names on the wire, mails by UID. `answers` are given in place of the next ones of a command.

    `said` has every command in order, `seen` the UIDs that were marked as read.
    """

    def __init__(self, folders: dict[str, dict[int, bytes]], context: ssl.SSLContext | None = None) -> None:
        self.folders = folders
        self.context = context
        self.validity = 1_700_000_000
        self.password = PASSWORD
        self.takes_plain = True
        self.answers: dict[str, str] = {}
        self.sizes: dict[int, int] = {}
        self.said: list[str] = []
        self.seen: set[int] = set()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def url(self, folder: str = "INBOX", query: str = "") -> str:
        """The address of a folder."""
        scheme = "imaps" if self.context else "imap"
        port = self._server.server_address[1]
        return f"{scheme}://ada%40example.org@127.0.0.1:{port}/{folder}{query}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
