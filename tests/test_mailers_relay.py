"""The address of an SMTP server: what it may say, and that no error shows a password."""

from __future__ import annotations

import traceback
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.adapters.smtp_relay import Relay, relay_from_url
from conferencekit.errors import InvalidText

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://localhost", 25, "none"),
        ("smtp://127.0.0.9", 25, "none"),
        ("smtp://[::1]:2525", 2525, "none"),
        ("smtp://mail.example.org", 587, "starttls"),
        ("smtp://10.0.0.1/", 587, "starttls"),
        ("smtp://mail.example.org?tls=ssl", 465, "ssl"),
        ("smtp://mail.example.org?tls=none", 25, "none"),
        ("smtp://localhost?tls=starttls", 587, "starttls"),
        ("smtp://mail.example.org:25?tls=starttls", 25, "starttls"),
    ],
)
def test_what_is_not_said_is_safe(url, port, tls):
    """TLS wherever the server is on another machine; the port that goes with it."""
    relay = relay_from_url(url)
    assert (port, tls, 30.0) == (relay.port, relay.tls, relay.timeout)
    assert ("", "", "", "") == (relay.user, relay.password, relay.ca, relay.ehlo)


def test_everything_can_be_said(tmp_path):
    """User and password percent-encoded, also an address as user."""
    ca = tmp_path / "ca.pem"
    ca.write_text("")
    url = f"smtp://ada%40x.org:p%2Fw%3A%23%3F%40@Mail.Example.org:2525?tls=ssl&timeout=2.5&ca={quote(str(ca))}&ehlo=me.x.org"
    assert relay_from_url(url) == Relay(
        host="mail.example.org",
        port=2525,
        tls="ssl",
        user="ada@x.org",
        password="p/w:#?@",
        timeout=2.5,
        ca=str(ca),
        ehlo="me.x.org",
    )


@given(printable, printable)
def test_credentials_round_trip(user, password):
    """Any printable ASCII, percent-encoded."""
    relay = relay_from_url(f"smtp://{quote(user, safe='')}:{quote(password, safe='')}@x.org")
    assert (user, password) == (relay.user, relay.password)


@pytest.mark.parametrize(
    ("url", "value", "remedy"),
    [
        ("smtp:", "smtp:***", "Write smtp://"),
        ("smtp://", "smtp://", "Write smtp://"),
        ("smtp://:25", "smtp://:25", "Write smtp://"),
        ("smtp://?tls=ssl", "smtp://?tls=ssl", "Write smtp://"),
        ("http://x.org", "http:***", "Write smtp://"),
        ("smtp://x.org:0", "smtp://x.org:0", "Write smtp://"),
        ("smtp://x.org:99999", "smtp://x.org:99999", "Write smtp://"),
        ("smtp://x.org/path", "smtp://x.org/path", "Write smtp://"),
        ("smtp://x.org#top", "smtp://x.org#top", "Write smtp://"),
        ("smtp://x.org?tls", "smtp://x.org?tls", "Write smtp://"),
        ("smtp://x.org\r\n", "smtp://x.org\r\n", "Write smtp://"),
        ("smtp://[::1", "[:***", "Write smtp://"),
        ("smtp://x.org?tls=yes", "tls=yes", "tls=starttls, tls=ssl or tls=none"),
        ("smtp://x.org?tls=", "tls=", "tls=starttls, tls=ssl or tls=none"),
        ("smtp://x.org?starttls=1", "starttls", "tls, timeout, ca, ehlo"),
        ("smtp://x.org?tls=ssl&tls=none", "smtp://x.org?tls=ssl&tls=none", "once"),
        ("smtp://x.org?timeout=0", "timeout=0", "seconds above 0, at most 60"),
        ("smtp://x.org?timeout=nan", "timeout=nan", "seconds above 0, at most 60"),
        ("smtp://x.org?timeout=1e9", "timeout=1e9", "seconds above 0, at most 60"),
        ("smtp://x.org?timeout=soon", "timeout=soon", "seconds above 0, at most 60"),
        ("smtp://x.org?ca=/no/such/file", "ca=/no/such/file", "PEM"),
        ("smtp://x.org?ehlo=a%0D%0AMAIL", "ehlo=a\r\nMAIL", "domain name"),
        ("smtp://ada@x.org", "smtp://***@x.org", "both user and password"),
        ("smtp://ada:@x.org", "smtp://***@x.org", "both user and password"),
        ("smtp://:secret@x.org", "smtp://***@x.org", "both user and password"),
        ("smtp://ada:s%C3%A9cret@x.org", "smtp://***@x.org", "printable ASCII"),
        ("smtp://ada:secret%0A@x.org", "smtp://***@x.org", "printable ASCII"),
    ],
)
def test_what_cannot_be_meant_is_refused(url, value, remedy):
    """With the value, user and password left out, and how to write it."""
    with pytest.raises(InvalidText) as caught:
        relay_from_url(url)
    assert caught.value.value == value
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://ada:hunter2",
        "smtp:ada:hunter2@x.org",
        "smtp://ada:hunter2/x@x.org",
        "smtp://ada:x/hunter2@x.org",
        "smtp://ada:x#hunter2@x.org",
        "smtp://ada:x?hunter2@x.org",
        "smtp://ada:1?hunter2=x@x.org",
        "smtp://ada:hunter2@x.org:port",
        "smtp://ada:hunter2@[x",
        "smtp://ada:hunter2@x.org?user=hunter2@",
        "smtp://x.org?password=hunter2",
        "smtp://ada:hunter2@x\N{FULLWIDTH COMMERCIAL AT}y.org",
        "smtp://ada:hunter2\n@x.org",
    ],
)
def test_no_error_shows_a_password(url):
    """Wherever it was put by mistake, and in no part of the traceback's errors."""
    with pytest.raises(InvalidText) as caught:
        relay_from_url(url)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in "".join(traceback.format_exception_only(caught.type, caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@given(st.text(max_size=60))
def test_any_text_is_a_relay_or_refused(text):
    """Nothing else is raised for it."""
    for url in (text, f"smtp://{text}", f"smtp://x.org?{text}"):
        try:
            relay = relay_from_url(url)
        except InvalidText:
            continue
        assert relay.host
        assert 0 < relay.port < 65536
