"""How a contributor is named, where they agreed to it."""

from __future__ import annotations

from ..form.countries import country_name
from .content import ConsentLevel
from .contribution import Contribution


def credit(contribution: Contribution, consent: ConsentLevel, locale: str | None) -> str | None:
    """Name, organisation and country in one line, or None: without the consent "named", and without a name."""
    if consent != "named" or not contribution.name.strip():
        return None
    country = country_name(contribution.country, locale) if contribution.country else ""
    return ", ".join(each for each in (contribution.name, contribution.organisation, country) if each)
