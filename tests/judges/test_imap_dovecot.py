"""Replies on a real IMAP server: Dovecot, in a folder of its own and on loopback. Skipped where it is not installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from tests.reply_samples import CLIENTS, Answer
from tests.smtp_server import certificate

from conferencekit.adapters.imap import Cursor, ImapMailbox
from conferencekit.errors import MailboxUnavailable
from conferencekit.testing.loopback import kept_port

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
PASSWORD = 'p "a\\ss wörd'
CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{base}/mail
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {base}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={base}
}}
"""
REPLIES = {name: client(Answer(person=name)) for name, client in sorted(CLIENTS.items())}


class Dovecot:
    """A server in a folder."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (self.port, one), (self.tls_port, other) = kept_port(), kept_port()
        self.kept = (one, other)
        certificate(base)
        config = CONFIG.format(base=base, port=self.port, tls_port=self.tls_port)
        (base / "dovecot.conf").write_text(config)
        (base / "users").write_text(f"ada@example.org:{{PLAIN}}{PASSWORD}\n")
        for name in ("new", "cur", "tmp", ".R&AOk-ponses/new", ".R&AOk-ponses/cur", ".R&AOk-ponses/tmp"):
            (base / "mail" / name).mkdir(parents=True)
        self.process = subprocess.Popen([str(DOVECOT), "-F", "-c", str(base / "dovecot.conf")])

    def url(self, folder: str = "INBOX", *, tls: bool = True) -> str:
        """The address of a folder."""
        scheme, port = ("imaps", self.tls_port) if tls else ("imap", self.port)
        return f"{scheme}://ada%40example.org@127.0.0.1:{port}/{folder}?ca={self.base}/cert.pem"

    def deliver(self, name: str, data: bytes, folder: str = ".") -> None:
        """Put a mail into a folder, as a delivery agent does."""
        path = self.base / "mail" / folder / "new" / name
        path.write_bytes(data)
        self.own()

    def own(self) -> None:
        """Mails belong to whom Dovecot reads them as."""
        who = pwd.getpwnam("nobody")
        for each in (self.base / "mail", *(self.base / "mail").rglob("*")):
            os.chown(each, who.pw_uid, who.pw_gid)

    def wait(self) -> None:
        """Until it listens."""
        for _ in range(1_200):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.tls_port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError((self.base / "log").read_text())

    def flags(self) -> set[str]:
        """What stands behind the names of the mails that the server has seen, such as S for read."""
        return {each.name.rpartition(":2,")[2] for each in (self.base / "mail" / "cur").iterdir()}


@pytest.fixture(scope="module")
def server():
    """Dovecot, with a mail of each client, and one in a folder with an accent."""
    if DOVECOT is None:
        pytest.skip("Dovecot is not installed (apt-get install dovecot-imapd)")
    if os.geteuid() != 0:
        pytest.skip("Dovecot needs root to sign people in")
    base = Path(tempfile.mkdtemp(prefix="dovecot"))
    base.chmod(0o755)
    running = Dovecot(base)
    try:
        for name, data in REPLIES.items():
            running.deliver(name, data)
        running.deliver("one", REPLIES["gmail"], ".R&AOk-ponses")
        running.wait()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(120)
        for each in running.kept:
            each.close()
        shutil.rmtree(base, ignore_errors=True)


def senders(mails: object) -> set[str]:
    """Who sent the mails, each of which has a calendar."""
    found = list(mails)
    assert all(each.calendars and not each.problem for each in found), found
    return {each.sender.partition("@")[0] for each in found}


@pytest.mark.parametrize("tls", [True, False], ids=["imaps", "imap on loopback"])
def test_all_mails_are_read_and_none_is_marked(server, tls):
    """With the password that has everything in it that needs quoting."""
    with ImapMailbox.open(server.url(tls=tls), PASSWORD) as box:
        assert senders(box.mails()) == set(REPLIES)
        assert box.cursor.uid == len(REPLIES)
        assert box.cursor.validity > 0
    assert "S" not in "".join(server.flags())


def test_a_connection_that_begins_in_the_clear(server, monkeypatch):
    """Goes on encrypted before anybody signs in, where the server is another machine; or not at all."""
    monkeypatch.setattr("conferencekit.adapters.imap.is_here", lambda _: False)
    with ImapMailbox.open(server.url(tls=False), PASSWORD) as box:
        assert senders(box.mails()) == set(REPLIES)
    with pytest.raises(MailboxUnavailable, match="certificate verify failed"):
        ImapMailbox.open(server.url(tls=False).partition("?")[0], PASSWORD)


def test_names_of_folders_in_any_script(server):
    """`Réponses`, as Dovecot has it on its disk."""
    with ImapMailbox.open(server.url("R%C3%A9ponses"), PASSWORD) as box:
        assert senders(box.mails()) == {"gmail"}


def test_only_what_came_after(server):
    """And marked as read where that is asked."""
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        list(box.mails())
        cursor = Cursor.of(str(box.cursor))
    server.deliver("later", CLIENTS["apple"](Answer(person="later")))
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        assert senders(box.mails(after=cursor)) == {"later"}
        assert box.mark_read() == 1
    assert sorted(server.flags()) == ["", "S"]


def test_many_mails(server):
    """More than are asked for at once."""
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        list(box.mails())
        cursor = box.cursor
    for number in range(1_200):
        (server.base / "mail" / "new" / f"many{number}").write_bytes(REPLIES["outlook"])
    server.own()
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        assert len(list(box.mails(after=cursor))) == 1_200


@pytest.mark.parametrize(
    ("folder", "password", "reason"),
    [("INBOX", "wrong", "Authentication failed"), ("Nowhere", PASSWORD, "doesn't exist")],
)
def test_what_it_refuses_is_named(server, folder, password, reason):
    """In Dovecot's own words."""
    with pytest.raises(MailboxUnavailable, match=reason):
        ImapMailbox.open(server.url(folder), password)
