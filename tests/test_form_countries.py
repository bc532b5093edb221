"""Countries."""

from __future__ import annotations

import tracemalloc

import pytest

from conferencekit.form.countries import COUNTRIES, LOCALES, countries_for, country_code, country_name, fold


def test_the_codes_are_those_of_iso_3166():
    """249 of them; pycountry, an independent list, agrees where it is installed."""
    assert len(COUNTRIES) == 249
    pycountry = pytest.importorskip(
        "pycountry", reason="pycountry (dependency group judges) is the other list"
    )
    assert {each.alpha_2 for each in pycountry.countries} == COUNTRIES


@pytest.mark.parametrize("locale", LOCALES)
def test_every_country_has_a_name_of_its_own_in_every_language(locale):
    """And the list for people has each once."""
    listed = countries_for(locale)

    assert {code for code, _ in listed} == COUNTRIES
    assert len({name for _, name in listed}) == 249
    assert all(name.strip() == name and country_name(code, locale) == name for code, name in listed)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_name_leads_back_to_its_code(locale):
    """Also in capitals and without accents: no two countries are called the same in any two languages."""
    for code, name in countries_for(locale):
        assert country_code(name) == code
        assert country_code(f" {name.upper()} ") == code
        assert country_code(fold(name)) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("cn", "CN"),
        ("CHINA", "CN"),
        ("中国", "CN"),
        ("Cote d'Ivoire", "CI"),
        ("Atlantis", None),
        ("", None),
        ("XX", None),
    ],
)
def test_a_country_is_found_by_name_or_code(name, code):
    """Or not at all."""
    assert country_code(name) == code


def test_what_no_country_is_called_takes_no_memory():
    """Names are kept for an import, long texts are not: a process that stays may be given any number of them."""
    assert country_code("France" + " " * 600) is None
    tracemalloc.start()
    assert {country_code(f"{number} " + "y" * 10_000) for number in range(500)} == {None}
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000


def test_the_list_is_in_the_order_in_which_readers_look():
    """Accents aside; Chinese by pinyin; regional languages find their own."""
    french = [name for _, name in countries_for("fr-CA")]
    chinese = [name for _, name in countries_for("zh_Hans_CN")]

    assert french.index("Égypte") < french.index("Émirats arabes unis") < french.index("Espagne")
    assert chinese.index("阿尔巴尼亚") < chinese.index("智利") < chinese.index("中国")


def test_an_unknown_language_and_an_unknown_code_still_show_something():
    """A record may hold a code that was withdrawn since."""
    assert country_name("CN", "de") == "China"
    assert country_name("AN", "fr") == "AN"
