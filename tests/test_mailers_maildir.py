"""Mails as files: whole or not at all, the same file for the same mail, never twice."""

from __future__ import annotations

import errno
import mailbox
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.smtp_server import message

from conferencekit.adapters.maildir import MaildirMailer
from conferencekit.errors import InvalidText
from conferencekit.ports import Deferred, Mailer, Sent


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out" / "mail"


@pytest.fixture
def mailer(folder):
    return MaildirMailer.open(f"maildir:{folder}")


def files_below(folder) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


def contents(folder) -> list[bytes]:
    return [(folder / each).read_bytes() for each in files_below(folder)]


def test_a_mail_lies_in_new_byte_by_byte(mailer, folder):
    """CRLF stays CRLF, so the SHA-256 is the one that the outbox keeps; nothing stays in `tmp`."""
    hostile = b"Subject: =?utf-8?q?x?=\r\n\x00\xff..\r\n.\r\nFrom me\r\n"
    answers = mailer.send([message(1), message(2, data=hostile)])
    assert [Sent, Sent] == [type(each) for each in answers]
    assert {message(1).data, hostile} == set(contents(folder))
    assert all(each.startswith("new/") for each in files_below(folder))
    assert isinstance(mailer, Mailer)


def test_a_mail_program_reads_it(mailer, folder):
    """The folder is a Maildir: the standard library's reader finds the mails."""
    mailer.send([message(1), message(2)])
    box = mailbox.Maildir(folder, create=False)
    assert {"<1@example.org>", "<2@example.org>"} == {each["Message-ID"] for each in box}


def test_names_follow_from_the_message_id_alone(mailer, folder, tmp_path):
    """Two runs give the same files; no name has a character that a file system refuses."""
    other = MaildirMailer(tmp_path / "second")
    messages = [message(1), message(2)]
    mailer.send(messages)
    for each in reversed(messages):
        other.send([each])
    assert files_below(folder) == files_below(tmp_path / "second")
    assert all(len(each) == len("new/") + 64 and ":" not in each for each in files_below(folder))


def test_a_retry_replaces_the_file(mailer, folder):
    """One Message-ID is one mail, with the bytes of the last try."""
    mailer.send([message(1)])
    assert [Sent] == [type(each) for each in mailer.send([message(1, data=b"again\r\n")])]
    assert [b"again\r\n"] == contents(folder)


@pytest.mark.parametrize("flags", [":2,S", ":2,", "!2,RS", ";2,", ""])
def test_a_retry_of_a_mail_that_was_read_makes_no_second_copy(mailer, folder, flags):
    """It was delivered, whatever the mail program put behind its name."""
    mailer.send([message(1)])
    (name,) = files_below(folder / "new")
    (folder / "new" / name).rename(folder / "cur" / f"{name}{flags}")
    assert mailer.send([message(1), message(2)])[0] == Sent("read already")
    assert [f"cur/{name}{flags}"] == [each for each in files_below(folder) if name in each]
    assert len(files_below(folder)) == 2


@pytest.mark.parametrize(
    "message_id", ["<../../evil@x>", "<a:b@c>", "", "<ü@\udcff>", "<" + "x" * 10_000 + ">", "<\0>"]
)
def test_no_message_id_leads_out_of_the_folder(mailer, folder, message_id, tmp_path):
    """Names are digests, whatever the id holds."""
    mail = message(1)
    odd = type(mail)(sender=mail.sender, recipient=mail.recipient, message_id=message_id, data=mail.data)
    assert isinstance(mailer.send([odd])[0], Sent)
    assert [mail.data] == contents(tmp_path)
    assert len(files_below(folder / "new")) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_only_the_owner_may_look_into_it(mailer, folder):
    """Mails hold personal links."""
    mailer.send([message(1)])
    (name,) = files_below(folder)
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o700


def full(*_args):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_defers_and_leaves_no_half_file(mailer, folder, monkeypatch):
    """The disk says so at fsync; later all goes out."""
    mailer.send([message(1)])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answers = mailer.send([message(2), message(3)])
    assert [Deferred, Deferred] == [type(each) for each in answers]
    assert "No space left" in answers[0].why
    assert str(folder) in answers[0].why
    assert 1 == len(files_below(folder))
    assert [Sent, Sent] == [type(each) for each in mailer.send([message(2), message(3)])]
    assert 3 == len(files_below(folder))


def test_a_disk_that_ends_in_the_middle_of_a_mail_defers_it(mailer, folder):
    """The system really refuses to write on: the beginning goes, and the mails around it arrive."""
    resource = pytest.importorskip("resource", reason="no limits on files here")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        answers = mailer.send([message(1), message(2, data=bytes(200_000)), message(3)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [Sent, Deferred, Sent] == [type(each) for each in answers]
    assert "too large" in answers[1].why
    assert {message(1).data, message(3).data} == set(contents(folder))


def test_a_file_where_the_folder_should_be_defers_everything(tmp_path):
    """And nothing is raised: the notices wait in the outbox."""
    (tmp_path / "file").write_text("not a folder")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        answers = MaildirMailer(path).send([message(1), message(2)])
        assert [Deferred, Deferred] == [type(each) for each in answers]
        assert "right to write" in answers[0].why


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_defers(mailer, folder):
    """Read-only for us: deferred with the reason."""
    mailer.send([message(1)])
    (folder / "tmp").chmod(0o500)
    (answer,) = mailer.send([message(2)])
    assert isinstance(answer, Deferred)
    (folder / "tmp").chmod(0o700)


def test_what_a_killed_process_left_is_swept_after_a_day_and_a_half(mailer, folder):
    """Newer ones may be somebody's who writes now."""
    (folder / "tmp").mkdir(parents=True)
    for name, age in (("old", 40), ("young", 30)):
        (folder / "tmp" / name).write_bytes(b"half")
        os.utime(folder / "tmp" / name, (time.time() - age * 3600,) * 2)
    mailer.send([message(1)])
    assert ["young"] == files_below(folder / "tmp")


def test_a_killed_process_leaves_whole_mails_only(folder):
    """Killed at any moment: whatever stands in `new` is complete."""
    program = (
        "import sys; from conferencekit.adapters.maildir import MaildirMailer\n"
        "from conferencekit.message.message import Message\n"
        "mailer = MaildirMailer(sys.argv[1])\n"
        "for n in range(10**6):\n"
        "    data = b'%d' % n * 20000 + b'END'\n"
        "    answer, = mailer.send([Message(sender='a@b.c', recipient='a@b.c', message_id=f'<{n}>', data=data)])\n"
        "    print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE)
    answered = [process.stdout.readline() for _ in range(20)]
    process.kill()
    with process.stdout:
        answered += process.stdout.readlines()
    process.wait()
    whole = [each for each in files_below(folder) if each.startswith("new/")]
    assert len(answered) <= len(whole) <= len(answered) + 1
    assert all((folder / each).read_bytes().endswith(b"END") for each in whole)


def test_threads_share_a_mailer_and_processes_a_folder(mailer, folder):
    """Everybody's mail arrives once, also the same one from two."""
    other = MaildirMailer(folder)
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(each.send, [message(n)]) for n in range(40) for each in (mailer, other)]
    assert all(isinstance(each.result()[0], Sent) for each in jobs)
    assert 40 == len(files_below(folder))


def test_the_address_names_the_folder(tmp_path, monkeypatch):
    """Relative to the working directory or absolute, taken as it is."""
    monkeypatch.chdir(tmp_path)
    for url, path in (
        ("maildir:a%20b", "a%20b"),
        (f"maildir://{tmp_path}/c d", "c d"),
        ("maildir:e/f", "e/f"),
    ):
        assert MaildirMailer.open(url).folder.absolute() == tmp_path / path
    assert not list(tmp_path.iterdir())
    assert repr(MaildirMailer("out")) == "MaildirMailer('out')"


@pytest.mark.parametrize("url", ["maildir:", "maildir://", "maildir", "mbox:x", "maildir:a\0b"])
def test_an_address_without_a_folder_is_refused(url):
    """With the value and how to write it."""
    with pytest.raises(InvalidText, match="maildir:outbox") as caught:
        MaildirMailer.open(url)
    assert caught.value.value == url


def test_it_can_be_closed_and_used_again(mailer, folder):
    """Nothing is held open."""
    mailer.close()
    assert mailer.send([]) == []
    assert not folder.exists()
    mailer.send([message(1)])
    mailer.close()
