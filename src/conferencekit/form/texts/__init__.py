"""The words of forms and pages, one module per language; `catalogue` looks them up.

`ISSUES` has the words for each code of an `Issue`, `INTERFACE` everything else. `{phrase}` is the label as it reads
inside a sentence. `<code>.question` is for labels that are whole sentences, `<code>.form` for no field at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import ar, en, es, fr, ru, zh

ISSUES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": en.ISSUES,
    "fr": fr.ISSUES,
    "es": es.ISSUES,
    "ru": ru.ISSUES,
    "zh": zh.ISSUES,
    "ar": ar.ISSUES,
}

INTERFACE: Final[Mapping[str, Mapping[str, str]]] = {
    "en": en.INTERFACE,
    "fr": fr.INTERFACE,
    "es": es.INTERFACE,
    "ru": ru.INTERFACE,
    "zh": zh.INTERFACE,
    "ar": ar.INTERFACE,
}
