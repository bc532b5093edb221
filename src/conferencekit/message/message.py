"""The rendered mail."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Message:
    """A mail as it goes over the wire: `data` is the whole RFC 5322 message with CRLF line ends.

    `sender` and `recipient` are bare addresses, the envelope. `message_id` has its angle brackets.
    """

    sender: str
    recipient: str
    message_id: str
    data: bytes
