"""Mails over SMTP: whatever a server does, one answer per message, nothing lost, nothing in clear that must not be."""

from __future__ import annotations

import base64
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from tests.smtp_server import DROP, THEN_DROP, SmtpServer, certificate, message, only

from conferencekit.adapters import smtp
from conferencekit.adapters.smtp import SmtpMailer
from conferencekit.adapters.smtp_relay import Relay
from conferencekit.message.message import Message
from conferencekit.ports import Deferred, Mailer, Rejected, Sent


@pytest.fixture
def server():
    with SmtpServer() as running:
        yield running


@contextmanager
def mailing(server, query="", login=""):
    mailer = SmtpMailer.open(server.url(query, login))
    try:
        yield mailer
    finally:
        mailer.close()


@pytest.fixture
def mailer(server):
    with mailing(server) as opened:
        yield opened


def kinds(answers) -> list[type]:
    return [type(each) for each in answers]


# -- what servers say about a message


def test_a_mail_arrives_byte_by_byte_with_its_envelope(server, mailer):
    """And the answer has the server's words."""
    assert isinstance(mailer, Mailer)
    assert [Sent("250 taken")] == mailer.send([message()])
    (envelope,) = server.taken
    assert ("office@example.org", ["ada@example.org"]) == (envelope.mail_from, envelope.rcpt_tos)
    assert [message().data] == server.contents


def test_dots_and_hostile_content_arrive_untouched(server, mailer):
    """No line of a message ends it or begins another one."""
    data = (
        b"Subject: =?utf-8?q?=0D=0ABcc=3A_x=40y?=\r\n"
        b"X-Long: " + b"x" * 900 + b"\r\n\r\n"
        b".\r\n..\r\n.hidden\r\nQUIT\r\nMAIL FROM:<evil@example.org>\r\n.\r\n\x00\x7f\r\n\r\n"
    )
    assert [Sent] == kinds(mailer.send([message(data=data)]))
    assert [data] == server.contents
    assert ["connection", "MAIL", "RCPT", "DATA"] == server.said


def test_a_mail_of_five_megabytes_arrives(server, mailer):
    """With its SIZE announced."""
    data = message().data + b"0123456789abcdef" * 4 * 80_000
    data = b"\r\n".join(data[start : start + 76] for start in range(0, len(data), 76)) + b"\r\n"
    assert len(data) > 5_000_000
    assert [Sent] == kinds(mailer.send([message(data=data)]))
    assert [data] == server.contents
    assert [f"SIZE={len(data)}"] == server.taken[0].mail_options


def test_a_mail_that_is_too_large_for_the_server_is_rejected():
    """Its size is said beforehand, so nothing is transmitted."""
    with SmtpServer(data_size_limit=1000) as server, mailing(server) as mailer:
        large, small = mailer.send([message(1, data=b"x\r\n" * 1000), message(2)])
    assert isinstance(large, Rejected)
    assert "552" in large.why
    assert isinstance(small, Sent)
    assert 1 == server.count("DATA")


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "kind"), [("450 4.2.0 greylisted", Deferred), ("550 5.1.1 unknown", Rejected)]
)
def test_a_refusal_concerns_its_message_alone(server, mailer, command, reply, kind):
    """4xx is for now, 5xx for good; the others go out over the same connection."""
    server.will(command, "250 taken", reply)
    answers = mailer.send([message(1), message(2), message(3)])
    assert [Sent, kind, Sent] == kinds(answers)
    assert answers[1].why == reply
    assert 1 == server.count("connection")
    assert {message(1).data, message(3).data} <= set(server.contents)


def test_a_deferred_mail_says_when_to_try_again(server, mailer):
    """In seconds; who owes the mail lets the pause grow."""
    server.will("RCPT", "450 later")
    assert [Deferred(60.0, "450 later")] == mailer.send([message()])


def test_long_and_hostile_answers_become_a_short_line(server, mailer):
    """They are kept beside the notice, so they hold no control characters and no marks that turn text."""
    server.will("DATA", "550-a\x1b[2J\t\x00b\r\n550-" + "x" * 4000 + "\r\n550 end", "250 " + "y" * 5000)
    rejected, sent = mailer.send([message(1), message(2)])
    assert rejected.why.startswith("550 a [2J b x")
    assert rejected.why.isprintable()
    assert len(rejected.why) <= 500
    assert len(sent.detail) <= 500


# -- connections that break


def test_dropped_after_data_is_deferred_and_goes_out_again_under_the_same_id(server, mailer):
    """The server may have taken it: nobody knows, so it is not lost, and a repeat can be recognised."""
    server.will("DATA", DROP)
    doubtful, other = mailer.send([message(1), message(2)])
    assert isinstance(doubtful, Deferred)
    assert "may have taken it" in doubtful.why
    assert "same Message-ID" in doubtful.why
    assert isinstance(other, Sent)
    assert 1 == server.contents.count(message(1).data)  # not tried again in this call
    assert [Sent] == kinds(mailer.send([message(1)]))
    assert 2 == server.contents.count(message(1).data)


def test_dropped_after_250_is_sent(server, mailer):
    """What was taken is taken, and the next message finds a new connection."""
    server.will("DATA", f"250 taken{THEN_DROP}", f"250 taken{THEN_DROP}")
    assert [Sent] * 3 == kinds(mailer.send([message(1), message(2), message(3)]))
    assert [Sent] == kinds(mailer.send([message(4)]))
    assert [message(n).data for n in (1, 2, 3, 4)] == server.contents
    assert 3 == server.count("connection")


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_dropped_before_data_on_a_kept_connection_is_tried_once_more(server, mailer, command):
    """Nothing of the message was on the way."""
    mailer.send([message(1)])
    server.will(command, DROP)
    assert [Sent] == kinds(mailer.send([message(2)]))
    assert [message(1).data, message(2).data] == server.contents
    assert 2 == server.count("connection")


def test_a_message_that_always_breaks_the_connection_holds_up_nobody_else(server, mailer):
    """It is deferred after a second try, the others go out."""
    server.will("RCPT", "250 go on", DROP, DROP)
    answers = mailer.send([message(1), message(2), message(3)])
    assert [Sent, Deferred, Sent] == kinds(answers)
    assert "broke off" in answers[1].why
    assert [message(1).data, message(3).data] == server.contents


def test_a_server_that_closes_for_idleness_is_called_again(server, mailer):
    """421 is what it says before it hangs up."""
    mailer.send([message(1)])
    server.will("MAIL", f"421 4.4.2 idle too long{THEN_DROP}")
    assert [Sent] == kinds(mailer.send([message(2)]))
    server.will("MAIL", "421 closing", "421 closing")
    (answer,) = mailer.send([message(3)])
    assert isinstance(answer, Deferred)
    assert "421 closing" in answer.why


def test_the_connection_is_kept_between_calls_and_ends_politely(server):
    """One connection for many calls; QUIT at the end; closing again does nothing."""
    with mailing(server) as mailer:
        for number in range(5):
            mailer.send([message(number)])
        mailer.close()
        assert ("connection", "QUIT") == (server.said[0], server.said[-1])
        assert 1 == server.count("connection")
        assert [Sent] == kinds(mailer.send([message(6)]))
    assert 2 == server.count("connection")


def test_a_server_that_was_restarted_between_two_calls_gets_the_mail(server, mailer):
    """The kept connection is dead, and a new one is opened."""
    mailer.send([message(1)])
    server.stop()
    server.start()
    assert [Sent] == kinds(mailer.send([message(2)]))
    assert [message(1).data, message(2).data] == server.contents


def test_a_server_that_is_away_defers_all_and_gets_all_later(server, mailer):
    """One attempt to connect, not one per message."""
    mailer.send([message(0)])
    server.stop()
    answers = mailer.send([message(n) for n in range(1, 4)])
    assert [Deferred] * 3 == kinds(answers)
    assert "Check host, port and tls" in answers[0].why
    assert str(server.port) in answers[0].why
    server.start()
    assert [Sent] * 3 == kinds(mailer.send([message(n) for n in range(1, 4)]))


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example", "xn--\N{SNOWMAN}", "."])
def test_a_host_that_does_not_exist_defers(host):
    """Also one whose name cannot be one."""
    mailer = SmtpMailer(Relay(host=host, port=25, tls="none", timeout=2))
    assert [Deferred] == kinds(mailer.send([message()]))
    mailer.close()


@contextmanager
def speaking(*lines: bytes, seconds: float = 60):
    """A server that says these lines, one after each line it hears, and then nothing more; its client waits so long."""

    def serve() -> None:
        with suppress(OSError), listener.accept()[0] as connection, connection.makefile("rb") as heard:
            for line in lines:
                connection.sendall(line)
                heard.readline()
            end.wait()

    end = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}?timeout={seconds}"
        end.set()
        thread.join(5)


GREETING = b"220 here\r\n"
HEARD = b"250 here\r\n"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "timed out"),
        ([b"554 no service for you\r\n"], "554 no service for you"),
        ([b"\xff\xfe" * 5000 + b"\r\n"], "cannot be reached"),
        ([b"HTTP/1.1 400 Bad Request\r\n"], "cannot be reached"),
        ([GREETING, b"502 no\r\n", b"502 no\r\n"], "502 no"),
        ([b"220-wait\r\n" * 2_000], "has no end"),
        ([GREETING, b"250-X\r\n" * 2_000], "has no end"),
        ([GREETING, HEARD], "broke off before"),
        ([GREETING, HEARD, b"250-X\r\n" * 2_000], "has no end"),
        ([GREETING, HEARD, b"gibberish\r\n"], "not an SMTP reply"),
        ([GREETING, HEARD, HEARD, b"354\r\n"], "354"),
        ([GREETING, HEARD, HEARD, HEARD], "may have taken it"),
        ([GREETING, HEARD, HEARD, HEARD, b"354 go\r\n"], "may have taken it"),
    ],
)
def test_a_server_that_is_none_defers(lines, why):
    """Silence, noise, other protocols: no exception, no endless wait, and the reason is told."""
    # where the last word is silence, it has to come to an end
    seconds = {"timed out": 0.5, "broke off before": 1, "may have taken it": 1}.get(why, 60)
    with speaking(*lines, seconds=seconds) as url:
        mailer = SmtpMailer.open(url)
        (answer,) = mailer.send([message()])
        mailer.close()
    assert isinstance(answer, Deferred)
    assert why in answer.why


def test_noise_after_the_message_leaves_it_in_doubt():
    """No reply that could be understood: it may have been taken."""
    heard = len(message().data.splitlines())  # one answer to each line that comes
    with speaking(GREETING, HEARD, HEARD, HEARD, b"354 go\r\n", *[b""] * heard, b"what?\r\n") as url:
        mailer = SmtpMailer.open(url)
        (answer,) = mailer.send([message()])
        mailer.close()
    assert isinstance(answer, Deferred)
    assert "may have taken it: not an SMTP reply" in answer.why


def test_a_slow_server_does_not_keep_a_call_past_its_time(server, mailer, monkeypatch):
    """What there is no time for is deferred, so that its lease does not run out meanwhile."""
    monkeypatch.setattr(smtp, "_ENOUGH", -1.0)
    answers = mailer.send([message(1), message(2)])
    assert [Deferred, Deferred] == kinds(answers)
    assert "no time left" in answers[0].why
    assert server.said == []


# -- TLS and signing in


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"))


def test_starttls_that_is_not_offered_defers_and_says_nothing_in_clear(server):
    """Neither user and password nor any mail."""
    with mailing(server, "&tls=starttls", "ada:secret-word@") as mailer:
        answers = mailer.send([message(1), message(2)])
    assert [Deferred, Deferred] == kinds(answers)
    assert "nothing was sent in clear" in answers[0].why
    assert "tls=ssl" in answers[0].why
    assert ["connection"] == server.said
    assert server.taken == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it knows of STARTTLS only
@pytest.mark.parametrize("kind", ["starttls", "ssl"])
def test_mail_goes_over_tls_to_a_server_that_is_trusted(tls, kind):
    """With a certificate of one's own authority, and the password only behind TLS."""
    cert, context = tls
    options = {"tls_context": context} if kind == "starttls" else {"ssl_context": context}
    options |= {"authenticator": only("ada", "p@ss:w/rd%"), "auth_required": True}
    with (
        SmtpServer(auth_require_tls=kind == "starttls", **options) as server,
        mailing(server, f"&tls={kind}&ca={cert}", "ada:p%40ss%3Aw%2Frd%25@") as mailer,
    ):
        assert [Sent, Sent] == kinds(mailer.send([message(1), message(2)]))
    assert [message(1).data, message(2).data] == server.contents


@pytest.mark.parametrize("kind", ["starttls", "ssl"])
def test_a_server_that_is_not_trusted_gets_nothing(tls, kind):
    """A certificate that nobody known signed: deferred, with the remedy."""
    _, context = tls
    options = {"tls_context": context} if kind == "starttls" else {"ssl_context": context}
    with SmtpServer(**options) as server, mailing(server, f"&tls={kind}", "ada:secret-word@") as mailer:
        (answer,) = mailer.send([message()])
    assert isinstance(answer, Deferred)
    assert "certificate verify failed" in answer.why
    assert server.taken == []


@pytest.mark.parametrize("kind", ["starttls", "ssl"])
def test_noise_in_place_of_tls_defers(kind):
    """Also a plain server behind tls=ssl."""
    offer = b"250-here\r\n250 STARTTLS\r\n"
    with speaking(GREETING, offer, b"220 go\r\nnoise", seconds=0.5) as url:
        mailer = SmtpMailer.open(f"{url}&tls={kind}")
        assert [Deferred] == kinds(mailer.send([message()]))
        mailer.close()


PASSWORD = "secret-word"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_defers_everything_with_the_remedy(tls):
    """The messages are not at fault; when it is corrected they go out."""
    options = {"authenticator": only("ada", "right"), "auth_required": True, "auth_require_tls": False}
    with SmtpServer(**options) as server:
        with mailing(server, login=f"ada:{PASSWORD}@") as mailer:
            answers = mailer.send([message(1), message(2)])
        with mailing(server, login="ada:right@") as mailer:
            assert [Sent, Sent] == kinds(mailer.send([message(1), message(2)]))
    assert [Deferred, Deferred] == kinds(answers)
    assert "535" in answers[0].why
    assert "Check user, password and tls" in answers[0].why
    assert 2 == server.count("connection")


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_server_that_wants_a_sign_in_defers_where_none_is_given():
    """530 to MAIL is 5xx, and yet not about the message."""
    options = {"authenticator": only("ada", "right"), "auth_required": True, "auth_require_tls": False}
    with SmtpServer(**options) as server, mailing(server) as mailer:
        answers = mailer.send([message(1), message(2)])
    assert [Deferred, Deferred] == kinds(answers)
    assert "wants TLS or a sign-in: 530" in answers[0].why


def test_a_server_without_sign_in_defers_where_one_is_given(server):
    """AUTH is not offered."""
    with mailing(server, login=f"ada:{PASSWORD}@") as mailer:
        (answer,) = mailer.send([message()])
    assert isinstance(answer, Deferred)
    assert "AUTH" in answer.why


@pytest.mark.parametrize("challenge", [b"334 not base64 at all\xff\r\n", b"334 a\r\n", b"235 welcome\r\n"])
def test_odd_challenges_at_sign_in_do_no_harm(challenge):
    """Whatever the server asks back."""
    with speaking(GREETING, b"250-here\r\n250 AUTH CRAM-MD5\r\n", challenge, seconds=0.5) as url:
        mailer = SmtpMailer.open(url.replace("//", f"//ada:{PASSWORD}@"))
        assert [Deferred] == kinds(mailer.send([message()]))
        mailer.close()


def test_no_answer_shows_the_password_that_a_server_sends_back():
    """Not as it is, nor as it was on the wire."""
    forms = [PASSWORD, base64.b64encode(PASSWORD.encode()).decode()]
    forms.append(base64.b64encode(f"\0ada\0{PASSWORD}".encode()).decode())
    echo = f"535 you said {' and '.join(forms)}\r\n".encode()
    with speaking(GREETING, b"250-here\r\n250 AUTH PLAIN\r\n", echo) as url:
        mailer = SmtpMailer.open(url.replace("//", f"//ada:{PASSWORD}@"))
        (answer,) = mailer.send([message()])
        mailer.close()
    assert "535 you said *** and ***" in answer.why
    shown = f"{answer} {mailer!r} {mailer.relay} {mailer.relay!r}"
    assert not any(each in shown for each in forms)
    assert "ada" not in f"{mailer!r} {mailer.relay!r}"


# -- addresses outside ASCII


def test_letters_outside_ascii_use_smtputf8_where_it_is_offered():
    """In the envelope and in the headers."""
    mail = message(1, recipient="用户@xn--fsqu00a.example")
    with SmtpServer(enable_SMTPUTF8=True) as server, mailing(server) as mailer:
        assert [Sent, Sent, Sent] == kinds(mailer.send([message(0), mail, message(2)]))
    assert ["用户@xn--fsqu00a.example"] == server.taken[1].rcpt_tos
    assert mail.data == server.contents[1]
    assert "SMTPUTF8" in server.taken[1].mail_options
    assert not any("SMTPUTF8" in server.taken[n].mail_options for n in (0, 2))


def test_letters_outside_ascii_are_rejected_where_it_is_not(server, mailer):
    """With the reason; the other messages go out."""
    answers = mailer.send([message(1, recipient="用户@example.org"), message(2)])
    assert [Rejected, Sent] == kinds(answers)
    assert "SMTPUTF8" in answers[0].why
    assert 1 == server.count("MAIL")


def test_eight_bit_text_is_announced(server, mailer):
    """Bodies may be 8-bit where the server offers it, as aiosmtpd does."""
    data = message().data + "用户\r\n".encode()
    assert [Sent] == kinds(mailer.send([message(data=data)]))
    assert "BODY=8BITMIME" in server.taken[0].mail_options
    assert [data] == server.contents


def test_eight_bit_text_is_rejected_where_it_is_not_offered():
    """Else it would arrive damaged."""
    with speaking(GREETING, HEARD, b"221 bye\r\n") as url:
        mailer = SmtpMailer.open(url)
        (answer,) = mailer.send([message(data=message().data + b"\xff\r\n")])
        mailer.close()
    assert isinstance(answer, Rejected)
    assert "8BITMIME" in answer.why


@pytest.mark.parametrize(
    "address",
    [
        "a@x.org\r\nRCPT TO:<evil@example.org>",
        "a@x.org>\nDATA",
        "a@x.org> SIZE=1",
        "a@x.org, b@x.org",
        "Ada <a@x.org>",
        "a b@x.org",
        "a@x.org\0",
        "\ud800@x.org",
        "a\N{RIGHT-TO-LEFT OVERRIDE}@x.org",
    ],
)
def test_what_is_no_address_is_rejected_before_the_server_hears_it(server, mailer, address):
    """As sender and as recipient; no command is smuggled in."""
    as_sender = Message(sender=address, recipient="a@x.org", message_id="<1@x>", data=b"\r\n")
    answers = mailer.send([message(1, recipient=address, data=b"\r\n"), as_sender, message(2)])
    assert [Rejected, Rejected, Sent] == kinds(answers)
    assert "not an address" in answers[0].why
    assert answers[0].why.isprintable()
    assert 1 == server.count("MAIL") == server.count("RCPT")


def test_a_quoted_local_part_is_an_address(server, mailer):
    """RFC 5321, 4.1.2: rare and legal."""
    assert [Sent] == kinds(mailer.send([message(1, recipient='"a.b c"@example.org')]))


@pytest.mark.parametrize("data", [b"a\n.\nb\r\n", b"a\r.\r\nb", b"a\r\n.\n", b"\n", b"a\r"])
def test_lone_line_ends_are_rejected(server, mailer, data):
    """Servers disagree on where such a line ends, which lets one message hide another in it."""
    (answer,) = mailer.send([message(data=data)])
    assert isinstance(answer, Rejected)
    assert "not CRLF" in answer.why
    assert server.said == []


# -- threads and processes


def test_threads_share_a_mailer(server, mailer):
    """One connection, no message mixed with another, every answer with its own."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: mailer.send([message(n), message(n + 100)]), range(30)))
    assert all([Sent, Sent] == kinds(each) for each in answers)
    assert sorted(message(n).data for n in (*range(30), *range(100, 130))) == sorted(server.contents)
    assert 1 == server.count("connection")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_forked_child_speaks_over_a_connection_of_its_own(server, mailer):
    """And the parent's stays as it was."""
    mailer.send([message(1)])
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = int([Sent] != kinds(mailer.send([message(2)])))
        finally:
            os._exit(status)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert [Sent] == kinds(mailer.send([message(3)]))
    assert [message(n).data for n in (1, 2, 3)] == server.contents
    assert 2 == server.count("connection")


def test_nothing_to_send_opens_nothing(server, mailer):
    """Not even a connection."""
    assert mailer.send([]) == []
    assert server.said == []


def test_timeouts_do_not_add_up_over_messages():
    """A server that never answers costs one wait for the greeting, not one per message."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        mailer = SmtpMailer.open(f"smtp://127.0.0.1:{listener.getsockname()[1]}?timeout=0.2")
        assert [Deferred] * 20 == kinds(mailer.send([message(n) for n in range(20)]))
        mailer.close()
        listener.setblocking(False)
        waits = 0
        with suppress(BlockingIOError):
            while True:
                listener.accept()[0].close()
                waits += 1
    assert waits == 1
