"""What is measured: the model conference without a limit, and people who register for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from conferencekit import Secretariat, load_conference
from conferencekit.conference import Conference
from conferencekit.secretariat import Passwords

MODEL: Final = Path(__file__).parent.parent / "examples" / "global_mooc_2020" / "conference.toml"
OPENED: Final = datetime(2020, 10, 12, 9, tzinfo=UTC)

_PEOPLE: Final = (
    ("en", "NG", "Adaeze Okonkwo-Bello", "Lekki Lagoon University"),
    ("fr", "MR", "Amina Ould Cheikh", "Université de Nouakchott Al Aasriya"),
    ("es", "BO", "Íñigo Quispe Mamani", "Universidad del Altiplano"),
    ("ru", "KZ", "Айгуль Сапарова", "Казахский педагогический университет"),
    ("zh", "MY", "黄志强", "海岛教师网络"),
    ("ar", "EG", "هدى المصري", "جامعة الدلتا للتعليم المفتوح"),
)

_FIRST: Final = 10**9
"""The numbers of those who register first, which no measured person has."""


@frozen
class FreeScheme:
    """Stores what is as long as a scrypt hash, and costs nothing: hashing passwords is measured by itself."""

    def hash(self, password: str, salt: bytes) -> str:  # noqa: ARG002 - a scheme that hashes nothing
        return f"free$16384$8$5${salt.hex()[:24]}${'0' * 44}"

    def verify(self, password: str, stored: str) -> bool:  # noqa: ARG002 - see above
        return False

    def is_current(self, stored: str) -> bool:
        return stored.startswith("free$")


class TickingClock:
    """A second passes from one registration to the next, before the deadline."""

    def __init__(self) -> None:
        self._ticks = itertools.count()

    def __call__(self) -> datetime:
        return OPENED + timedelta(seconds=next(self._ticks) / 4)


def conference() -> Conference:
    model = load_conference(MODEL)
    return evolve(model, registration=evolve(model.registration, quota=10**6))


def open_secretariat(path: Path) -> Secretariat:
    """A secretariat on an SQLite store that is set up: what an opening costs is no part of a registration."""
    secretariat = Secretariat(
        conference(),
        store=f"sqlite:///{path}",
        mailer=f"maildir:{path}.mail",
        secret=b"sixteen bytes or more of no use",
        site="https://gmc.example.org",
        passwords=Passwords((FreeScheme(),)),
        clock=TickingClock(),
    )
    for locale, posted in registrants(_FIRST, len(_PEOPLE)):  # the words of each language are kept
        secretariat.register(posted, locale=locale)
    return secretariat


def registrants(first: int, count: int) -> Iterator[tuple[str, dict[str, str]]]:
    """(locale, posted form) of this many people with addresses of their own, a sixth in each language."""
    for number in range(first, first + count):
        locale, country, name, organisation = _PEOPLE[number % len(_PEOPLE)]
        yield (
            locale,
            {
                "full_name": name,
                "email": f"person.{number}@registrants.example.org",
                "password": f"correct horse {number}",
                "country": country,
                "organisation": organisation,
                "consent": "1",
                "submission_id": f"s-{number:016}",
            },
        )
