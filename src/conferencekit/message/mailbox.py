"""Mailboxes, as messages know them."""

from __future__ import annotations

from ..mailbox import LONGEST_NAME, Mailbox, one_line, parse_mailbox

__all__ = ["LONGEST_NAME", "Mailbox", "one_line", "parse_mailbox"]
