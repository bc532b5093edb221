"""Countries by ISO 3166-1: the 249 alpha-2 codes, their names in six languages, and an order for people.

The names are those of Unicode's CLDR; `scripts/make_countries.py` writes them.
"""

from __future__ import annotations

import importlib
import unicodedata
from functools import cache, lru_cache
from typing import Final

from ..text import lookup

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV
TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

COUNTRIES: Final = frozenset(_CODES.split())
"""The alpha-2 codes that ISO 3166-1 assigns officially."""

LOCALES: Final = ("en", "fr", "es", "ru", "zh", "ar")
"""The languages that names are in: those of the United Nations."""

_LONGEST: Final = 500


def country_name(code: str, locale: str | None = None) -> str:
    """The name of a country, in the language that fits the locale best (English where none does).

    A code that is not assigned is its own name: a record may hold one that was withdrawn since.
    """
    return _names(lookup(locale or "en", LOCALES) or "en").get(code, code)


def countries_for(locale: str | None = None) -> tuple[tuple[str, str], ...]:
    """All (code, name), as a reader of this language looks for them: by name, accents and case aside.

    Chinese names stand in the order of GB 18030, which is by pinyin for all common characters.
    """
    return _sorted(lookup(locale or "en", LOCALES) or "en")


def country_code(name: str) -> str | None:
    """The code of a country by its name in any of the six languages, or by itself; case and accents do not matter.

    None for what is no country's, as any text of more than 500 letters.
    """
    return _code(name) if len(name) <= _LONGEST else None  # what is long is not kept either


@lru_cache(maxsize=2048)  # an import asks about few countries, many times
def _code(name: str) -> str | None:
    folded = fold(name)
    if len(folded) == 2 and folded.upper() in COUNTRIES:
        return folded.upper()
    return _codes().get(folded)


def fold(text: str) -> str:
    """A text for comparing names: case folded, without accents, punctuation and repeated space."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (each if each.isalnum() else " " for each in plain if not unicodedata.combining(each))
    return " ".join("".join(letters).split())


@cache
def _names(locale: str) -> dict[str, str]:
    text: str = importlib.import_module(f".country_names.{locale}", __package__).NAMES
    return dict(line.split(" ", 1) for line in text.strip().splitlines())


@cache
def _sorted(locale: str) -> tuple[tuple[str, str], ...]:
    def order(item: tuple[str, str]) -> bytes:
        return item[1].encode("gb18030") if locale == "zh" else fold(item[1]).encode()

    return tuple(sorted(_names(locale).items(), key=order))


@cache
def _codes() -> dict[str, str]:
    return {fold(name): code for locale in LOCALES for code, name in _names(locale).items()}
