"""Mails are read where organisers have them: files, folders, mboxes, Maildirs and IMAP, and stay as they are."""

from __future__ import annotations

import io
import mailbox
import os
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import in_proportion
from tests.imap_server import PASSWORD, ImapServer
from tests.reply_samples import CLIENTS, Answer, google_ics
from tests.smtp_server import certificate

from conferencekit.adapters.imap import Cursor, ImapMailbox, ImapPlace
from conferencekit.adapters.mailboxes import read_mails, read_mbox
from conferencekit.calendar.incoming import LARGEST_MAIL, Mail, read_mail
from conferencekit.errors import InvalidText, MailboxUnavailable

REPLIES = [client(Answer(person=name)) for name, client in sorted(CLIENTS.items())]
SENDERS = [f"{name}@example.net" for name in sorted(CLIENTS)]


def senders(found: object) -> list[str]:
    """Who sent the mails, each of which has a calendar."""
    mails = list(found)
    assert all(each.calendars and not each.problem for each in mails), mails
    return [each.sender for each in mails]


# -- files and folders


def test_a_mail_and_a_calendar_by_themselves(tmp_path):
    """A file that somebody saved."""
    (tmp_path / "a.eml").write_bytes(REPLIES[0])
    (tmp_path / "b.ics").write_bytes(google_ics(Answer()))
    assert senders(read_mails(tmp_path / "a.eml")) == SENDERS[:1]
    (found,) = read_mails(tmp_path / "b.ics")
    assert (found.source, found.sender, len(found.calendars)) == ("b.ics", "", 1)


def test_a_folder_of_either(tmp_path):
    """In the order of their names; other files are passed over."""
    for name, data in zip(("b.eml", "a.EML", "c.ics"), REPLIES, strict=False):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "notes.txt").write_bytes(REPLIES[0])
    (tmp_path / "d.eml").mkdir()
    assert senders(read_mails(tmp_path)) == [SENDERS[1], SENDERS[0], SENDERS[2]]
    assert next(each.source for each in read_mails(tmp_path)) == f"{tmp_path.name}/a.EML"


@pytest.mark.skipif(sys.platform == "win32", reason="names in a Maildir have colons")
def test_a_maildir(tmp_path):
    """As delivery agents and mail programs keep one."""
    box = mailbox.Maildir(tmp_path / "box", create=True)
    for number, data in enumerate(REPLIES):
        key = box.add(data)
        if number == 0:
            read = box[key]
            read.set_subdir("cur")
            read.add_flag("S")
            box[key] = read
    (tmp_path / "box" / "tmp" / "half").write_bytes(REPLIES[0])
    assert sorted(senders(read_mails(tmp_path / "box"))) == sorted(SENDERS)


def test_what_is_neither_file_nor_folder(tmp_path):
    """A pipe would never end."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidText, match="Name a file of mails"):
        list(read_mails(tmp_path / "pipe"))
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "a.eml")
    assert list(read_mails(tmp_path / "folder")) == []


@pytest.mark.parametrize("begin", [b"PK\x03\x04\x14\x00", b"\x1f\x8b\x08\x00"])
def test_an_archive_is_not_taken_for_a_mail_with_nothing_in_it(tmp_path, begin):
    """A Takeout comes in one."""
    path = tmp_path / "takeout.zip"
    path.write_bytes(begin + bytes(1_000))
    with pytest.raises(InvalidText, match="takeout.zip.*unpack it"):
        list(read_mails(path))


def test_no_such_file(tmp_path):
    """The system's own error names it."""
    with pytest.raises(FileNotFoundError):
        list(read_mails(tmp_path / "none.mbox"))


def test_a_mail_that_is_too_large_is_named(tmp_path):
    """And the ones around it are read."""
    huge = b"From: x@example.net\r\n\r\n" + b"x" * (LARGEST_MAIL + 10)
    (tmp_path / "a.eml").write_bytes(huge)
    (tmp_path / "b.eml").write_bytes(REPLIES[0])
    first, second = read_mails(tmp_path)
    assert "20,000,000" in first.problem
    assert second.sender == SENDERS[0]


# -- mbox

SEPARATORS = {
    "mboxrd": b"From ada@example.net Sun Jan 10 09:00:00 2027",
    "takeout": b"From 1821234567890123456@xxx Sun Jan 10 09:00:00 +0000 2027",
    "thunderbird": b"From - Sun Jan 10 09:00:00 2027",
    "thunderbird, new": b"From ",
}


def mbox(mails: list[bytes], separator: bytes, line_end: bytes = b"\n") -> bytes:
    """An mbox with these mails, quoted as mboxrd."""
    pieces = []
    for each in mails:
        lines = each.replace(b"\r\n", b"\n").split(b"\n")
        quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
        pieces += [separator, *quoted, b""]
    return line_end.join(pieces)


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_mboxes_of_all_kinds(tmp_path, separator, line_end):
    """As Google Takeout, Thunderbird and others write them."""
    (tmp_path / "Replies").write_bytes(mbox(REPLIES, separator, line_end))
    assert senders(read_mails(tmp_path / "Replies")) == SENDERS
    assert [each.source for each in read_mails(tmp_path / "Replies")][1] == "Replies, mail 2"


def test_an_mbox_that_python_writes(tmp_path):
    """The standard library's own."""
    box = mailbox.mbox(tmp_path / "box.mbox")
    for each in REPLIES:
        box.add(each)
    box.close()
    assert senders(read_mails(tmp_path / "box.mbox")) == SENDERS
    assert senders(read_mails(tmp_path)) == SENDERS


BODY = "From here on it is easy.\n>From there, too\nFrom a at 10:30 on 1 May 2027\nFrom \nbye\n"


@pytest.mark.parametrize("quoted", [True, False], ids=["quoted", "not quoted"])
def test_lines_that_begin_with_from(quoted):
    """Quoted or not, they part no mail where no header follows."""
    head = b"From: ada@example.net\nContent-Type: text/calendar\n\n"
    data = head + BODY.encode() + b"\n"
    body = mbox([data], SEPARATORS["mboxrd"]) if quoted else SEPARATORS["mboxrd"] + b"\n" + data
    (found,) = read_mbox(io.BytesIO(body), "x")
    text = found.calendars[0].decode().rstrip("\n") + "\n"
    assert text == (BODY if quoted else BODY.replace(">From", "From"))


def test_a_large_mail_in_an_mbox_costs_no_memory():
    """Neither does a line without end; the mails around are read."""
    huge = b"From: x@example.net\n\n" + b"x" * (3 * LARGEST_MAIL) + b"\n"
    stream = io.BytesIO(mbox([REPLIES[0], huge, REPLIES[1]], SEPARATORS["mboxrd"]))
    tracemalloc.start()
    first, second, third = read_mbox(stream, "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * LARGEST_MAIL
    assert (first.sender, third.sender) == tuple(SENDERS[:2])
    assert (second.source, "larger" in second.problem) == ("x, mail 2", True)


def test_hostile_mboxes_end():
    """Separators without mails, and lines that nearly are some."""
    for line in (b"From \n", b"From " + b"1:1" * 100 + b"\n", b"From " + b"11:11 2027" * 30 + b"\n"):

        def work(size: int, line: bytes = line) -> None:
            for found in read_mbox(io.BytesIO(b"From x 10:30 2027\nTo: a@b.example\n" + line * size), "x"):
                assert isinstance(found, Mail)

        in_proportion(work, 40_000)


@pytest.mark.parametrize("piece", [b"1:1", b"11:11 2027", b"From ", b" "])
def test_a_hostile_separator_ends(piece):
    """One long line that nearly is one."""
    in_proportion(lambda size: list(read_mbox(io.BytesIO(b"From " + piece * size + b"\n"), "x")), 40_000)


@given(st.lists(st.sampled_from(REPLIES), max_size=5), st.sampled_from(list(SEPARATORS.values())))
def test_an_mbox_holds_what_was_put_in(mails, separator):
    """The same as each mail by itself."""
    found = list(read_mbox(io.BytesIO(mbox(mails, separator, b"\r\n")), "x"))
    single = [read_mail(each, "x") for each in mails]
    assert [(each.sender, each.recipients) for each in found] == [
        (each.sender, each.recipients) for each in single
    ]
    assert [[data.strip() for data in each.calendars] for each in found] == [
        [data.strip() for data in each.calendars] for each in single
    ]


# -- IMAP


def folder(count: int = 4) -> dict[int, bytes]:
    """Mails by UID, with gaps."""
    return {3 * number + 7: REPLIES[number % 4] for number in range(count)}


@pytest.fixture
def server():
    """A server with two folders."""
    with ImapServer({"INBOX": folder(), "R&AOk-ponses &- more": folder(1), "Empty": {}}) as found:
        yield found


def test_a_folder_is_read_and_stays_unread(server):
    """All mails, in their order; nothing is marked."""
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        assert senders(box.mails()) == SENDERS
        assert str(box.cursor) == "1700000000:16"
    said = " ".join(server.said)
    assert "EXAMINE" in said
    assert "BODY.PEEK[]" in said
    assert not {"SELECT", "STORE", "EXPUNGE", "COPY", "MOVE"} & set(said.split())
    assert server.said[-1] == "LOGOUT"


def test_only_what_is_new_is_read(server):
    """From a cursor on; a new UIDVALIDITY makes everything new."""
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        list(box.mails())
        cursor = Cursor.of(str(box.cursor))
        assert list(box.mails(after=cursor)) == []
        server.folders["INBOX"][40] = REPLIES[0]
        assert senders(box.mails(after=cursor)) == SENDERS[:1]
        assert str(box.cursor) == "1700000000:40"
    server.validity += 1
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        assert len(senders(box.mails(after=cursor))) == 5


def test_marked_where_asked(server):
    """Only mails that have a calendar in them."""
    server.folders["INBOX"][50] = b"From: x@example.net\r\n\r\nnewsletter"
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        list(box.mails())
        assert box.mark_read() == 4
    assert server.seen == set(folder())


def test_names_of_folders_in_any_script(server):
    """They are in a UTF-7 of IMAP's own."""
    with ImapMailbox.open(server.url("R%C3%A9ponses%20&%20more"), PASSWORD) as box:
        assert senders(box.mails()) == SENDERS[:1]


def test_an_empty_folder(server):
    """Has no mails, and a cursor before all."""
    with ImapMailbox.open(server.url("Empty"), PASSWORD) as box:
        assert list(box.mails()) == []
        assert box.cursor == Cursor(1_700_000_000, 0)


def test_many_mails_come_in_batches(server):
    """No command asks for too much at once, and all come."""
    server.folders["INBOX"] = folder(1_203)
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        assert senders(box.mails()) == (SENDERS * 301)[:1203]
    assert sum("BODY.PEEK[]" in each for each in server.said) == 13


def test_a_large_mail_is_not_fetched(server):
    """It is named, and the others are read."""
    server.sizes[10] = LARGEST_MAIL + 1
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        found = list(box.mails())
    assert [bool(each.problem) for each in found] == [False, True, False, False]
    assert found[1].source == "INBOX, mail 10"


def test_sign_in_by_login(server):
    """Where a server does not take PLAIN; what stands in a password is quoted."""
    server.takes_plain = False
    server.password = 'p "a\\ss'
    with ImapMailbox.open(server.url(), 'p "a\\ss') as box:
        assert len(list(box.mails())) == 4
    with pytest.raises(MailboxUnavailable, match="ASCII"):
        ImapMailbox.open(server.url(), PASSWORD)


def test_a_wrong_password_is_named_and_not_shown(server):
    """With the address, and nothing of the password."""
    with pytest.raises(MailboxUnavailable) as caught:
        ImapMailbox.open(server.url(), "not-the-secret")
    assert "wrong name or password" in str(caught.value)
    assert "not-the-secret" not in str(caught.value)
    assert "ada@example.org@127.0.0.1" in str(caught.value)


@pytest.mark.parametrize(
    ("command", "answer", "reason"),
    [
        ("EXAMINE", "NO quota", "quota"),
        ("UID SEARCH", "NO busy", "busy"),
        ("UID FETCH", "hang up", "cannot be read"),
        ("UID FETCH", "BAD what", "what"),
        ("CAPABILITY", "hang up", "cannot be read"),
    ],
)
def test_a_server_that_fails(server, command, answer, reason):
    """Is named, whenever it does."""
    server.answers[command] = answer
    with pytest.raises(MailboxUnavailable, match=reason), ImapMailbox.open(server.url(), PASSWORD) as box:
        list(box.mails())


@pytest.mark.parametrize(
    ("command", "answer", "reason"),
    [
        ("UID FETCH", "* 1 FETCH (UID 1 BODY[] {10000000000}\r\nx", "more than 60,000,000 bytes"),
        ("UID FETCH", f"* 1 FETCH (UID 1 BODY[] {{{'9' * 5000}}}\r\nx", "a number that is none"),
        ("UID FETCH", "* 1 FETCH (UID 1 BODY[] {-5}\r\n)\r\n", "unexpected response"),
        ("UID FETCH", "* 1 EXISTS\r\n" * 100_000, "more than 60,000,000 bytes"),
        ("UID SEARCH", "* SEARCH " + "1 " * 600_000, "more than 1000000 bytes"),
        (
            "EXAMINE",
            f"* OK [UIDVALIDITY {'9' * 5000}] x\r\n* 1 FETCH (x {{{'9' * 5000}}}\r\n",
            "cannot be read",
        ),
    ],
)
def test_a_server_that_lies_costs_little_and_is_named(server, command, answer, reason):
    """Lengths of gigabytes, lines without end, numbers that are none: no memory is taken for what is not there."""
    server.answers[command] = answer
    tracemalloc.start()
    try:
        with pytest.raises(MailboxUnavailable, match=reason), ImapMailbox.open(server.url(), PASSWORD) as box:
            list(box.mails())
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()


def test_a_server_without_uidvalidity_is_read_from_the_begin_each_time(server):
    """Its UIDs may be those of other mails the next time, so none is passed over."""
    server.validity = ""
    with ImapMailbox.open(server.url(), PASSWORD) as box:
        assert senders(box.mails(Cursor(0, 2))) == SENDERS


def test_no_such_folder(server):
    """The server says so."""
    with pytest.raises(MailboxUnavailable, match="no such folder"):
        ImapMailbox.open(server.url("Nowhere"), PASSWORD)


def test_encrypted(tmp_path):
    """With a certificate of one's own authority; one that nobody knows is refused."""
    cert, context = certificate(tmp_path)
    with ImapServer({"INBOX": folder()}, context) as server:
        with ImapMailbox.open(server.url(query=f"?ca={cert}"), PASSWORD) as box:
            assert senders(box.mails()) == SENDERS
        with pytest.raises(MailboxUnavailable, match="certificate verify failed"):
            ImapMailbox.open(server.url(), PASSWORD)


@pytest.mark.parametrize(
    "url",
    [
        "imaps://example.org/INBOX",
        "imaps://ada@/INBOX",
        "imaps://ada@example.org:0/INBOX",
        "imaps://ada@example.org:x/INBOX",
        "imaps://ada@example.org/INBOX?tls=none",
        "imaps://ada@example.org/a%0D%0Ab",
        "imaps://a%0Ada@example.org/INBOX",
        "imaps://ada@example.org/INBOX#x",
        "pop3://ada@example.org/INBOX",
        "imaps://ada@example.org/INBOX?ca=/nowhere.pem",
    ],
)
def test_addresses_that_cannot_be_meant(url):
    """They are refused with how to write one."""
    with pytest.raises(InvalidText):
        ImapPlace.of(url)


def test_an_address_has_no_password():
    """Others would see it in the list of processes; the error does not show it."""
    with pytest.raises(InvalidText, match="Take the password out") as caught:
        ImapPlace.of("imaps://ada:s3cret@example.org/INBOX")
    assert "s3cret" not in str(caught.value)


def test_what_an_address_means():
    """Ports and the folder follow from it."""
    place = ImapPlace.of("imaps://ada%40example.org@imap.example.org")
    assert (place.user, place.host, place.port, place.folder) == (
        "ada@example.org",
        "imap.example.org",
        993,
        "INBOX",
    )
    assert ImapPlace.of("imap://ada@localhost/a/b").folder == "a/b"


@pytest.mark.parametrize("text", ["", "1", "1:", "a:b", "1:2:3", "-1:2", "99999999999:1"])
def test_cursors_that_cannot_be_meant(text):
    """Only what a reading said."""
    with pytest.raises(InvalidText):
        Cursor.of(text)
