"""Passwords of mail servers: from a file or the environment, so that they are on no command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from ..errors import InvalidText, shown_url
from .files import read_file

SMTP_VARIABLE: Final = "CONFERENCEKIT_SMTP_PASSWORD"
_LONGEST: Final = 1_000


def password_from(file: Path | None, variable: str) -> str | None:
    """The password on the one line of the file, else that of the environment; None where there is neither.

    Raises:
        InvalidText: the file is too large for one.
        OSError: there is no such file.
    """
    if file is not None:
        return read_file(file, most=_LONGEST).decode("utf-8", "replace").strip("\r\n")
    return os.environ.get(variable) or None


def server_with_password(url: str, file: Path | None) -> str:
    """The URL of a mail server, with the password of the user that it names without one.

    Raises:
        InvalidText: it names a user, and nobody gives the password; or a file of a password has nobody to sign in.
        OSError: there is no such file.
    """
    try:
        split = urlsplit(url)
        needs = split.scheme in ("smtp", "smtps") and bool(split.username) and split.password is None
    except ValueError:
        return url  # whoever opens the mailer says what is wrong with it
    if not needs:
        if file is not None:
            raise InvalidText(
                shown_url(url), "--password-file is for a URL with a user and without a password."
            )
        return url
    password = password_from(file, SMTP_VARIABLE)
    if not password:
        raise InvalidText(url, f"Give the user's password: --password-file FILE, or ${SMTP_VARIABLE}.")
    user, _, host = split.netloc.rpartition("@")
    return split._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()
