"""Mails: what is owed, how it is worded, and the bytes that go over the wire."""
