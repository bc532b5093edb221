"""The two-letter language codes of ISO 639-1, and the country codes that people write in their place."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_CODES: Final = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu
ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na
nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn
so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
LANGUAGES: Final = frozenset(_CODES.split())
_LANGUAGE_IN: Final = MappingProxyType(
    {
        "cn": "zh",
        "cz": "cs",
        "dk": "da",
        "gb": "en",
        "gr": "el",
        "il": "he",
        "ir": "fa",
        "jp": "ja",
        "us": "en",
        "vn": "vi",
    }
)


def language_problem(tag: str) -> tuple[str, str | None]:
    """What is wrong with a well-formed tag ("" = nothing), and the language that was probably meant."""
    code = tag.partition("-")[0]
    if len(code) != 2 or code in LANGUAGES:
        return "", None
    return f"{code!r} is not the code of a language (ISO 639-1).", _LANGUAGE_IN.get(code)
