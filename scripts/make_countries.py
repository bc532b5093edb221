# noqa: INP001 - a script, not a package
"""Write the names of countries from CLDR into `conferencekit/form/country_names/`.

Run it when CLDR changed a name: `python scripts/make_countries.py`. Needs Babel, in the dependency group `docs`.
"""

from __future__ import annotations

from pathlib import Path

import babel
from babel import Locale

from conferencekit.form.countries import COUNTRIES, LOCALES

TARGET = Path(__file__).parent.parent / "src" / "conferencekit" / "form" / "country_names"
HEAD = '''"""Names of countries in {language}: Unicode CLDR, by Babel {version}.

Unicode License v3 (SPDX: Unicode-3.0), copyright 1991-2024 Unicode, Inc. https://www.unicode.org/license.txt
"""

NAMES = """
{lines}
"""
'''


def main() -> None:
    """Write one module per language."""
    for locale in LOCALES:
        cldr = Locale.parse(locale)
        lines = [f"{code} {cldr.territories[code]}" for code in sorted(COUNTRIES)]
        language = Locale.parse(locale).get_display_name("en")
        text = HEAD.format(language=language, version=babel.__version__, lines="\n".join(lines))
        (TARGET / f"{locale}.py").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
