"""Dates and times in words, in the six languages of the United Nations.

Other locales get ISO dates and English words: every reader of a date can read those. Names of months and weekdays are
those that the languages use in running text.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from .text import lookup
from .zones import AOE, AOE_ZONE, offset_text

if TYPE_CHECKING:
    from .moment import Moment

_UTC = "UTC"
Locales = str | Iterable[str] | None


def _names(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


@frozen(kw_only=True)
class DateWords:
    """How one language says a date, a time, a place, and a stretch of time. The templates are for `str.format`."""

    locale: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    moment: str = "{date}, {time}"
    place: str = " ({zone}{offset})"
    place_offset: str = ", UTC{offset}"
    elsewhere: str
    elsewhere_offset: str = " (UTC{offset})"
    hours: str = "{first}-{last}"
    days: str

    def date_text(self, day: date) -> str:
        """The date with its weekday."""
        number = "1er" if self.locale == "fr" and day.day == 1 else str(day.day)
        return self.day.format(
            iso=f"{day.year:04}-{day.month:02}-{day.day:02}",
            weekday=self.weekdays[day.weekday()] if self.weekdays else "",
            number=number,
            month=self.months[day.month - 1] if self.months else "",
            year=day.year,
        )


_ENGLISH = DateWords(
    locale="en",
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=_names("January February March April May June July August September October November December"),
    day="{weekday} {number} {month} {year}",
    elsewhere=", that is {time} in {zone}{offset}",
    days="{first} to {last}",
)

_LANGUAGES = {
    "en": _ENGLISH,
    "fr": DateWords(
        locale="fr",
        weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        months=_names("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        day="{weekday} {number} {month} {year}",
        elsewhere=", soit {time} à {zone}{offset}",
        days="du {first} au {last}",
    ),
    "es": DateWords(
        locale="es",
        weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        months=_names(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
        ),
        day="{weekday} {number} de {month} de {year}",
        elsewhere=", es decir, {time} en {zone}{offset}",
        days="del {first} al {last}",
    ),
    "ru": DateWords(
        locale="ru",
        weekdays=("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
        months=_names("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
        day="{weekday}, {number} {month} {year} г.",
        elsewhere=", то есть {time} в зоне {zone}{offset}",
        days="{first} — {last}",
    ),
    "zh": DateWords(
        locale="zh",
        weekdays=tuple(f"星期{each}" for each in "一二三四五六日"),
        months=tuple(str(each) for each in range(1, 13)),
        day="{year}年{month}月{number}日{weekday}",
        moment="{date} {time}",
        place="（{zone}{offset}）",
        place_offset="，UTC{offset}",
        elsewhere="，即 {zone} {time}{offset}",
        elsewhere_offset="（UTC{offset}）",
        days="{first} 至 {last}",
    ),
    "ar": DateWords(
        locale="ar",
        weekdays=("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
        months=(
            "كانون الثاني/يناير",
            "شباط/فبراير",
            "آذار/مارس",
            "نيسان/أبريل",
            "أيار/مايو",
            "حزيران/يونيو",
            "تموز/يوليو",
            "آب/أغسطس",
            "أيلول/سبتمبر",
            "تشرين الأول/أكتوبر",
            "تشرين الثاني/نوفمبر",
            "كانون الأول/ديسمبر",
        ),
        day="{weekday} {number} {month} {year}",
        moment="{date}، {time}",
        place_offset="، UTC{offset}",
        elsewhere="، أي {time} في {zone}{offset}",
        hours="من {first} إلى {last}",
        days="من {first} إلى {last}",
    ),
}
_ISO = evolve(_ENGLISH, locale="iso", day="{iso}")


def words_for(locale: Locales) -> DateWords:
    """The words for a locale: English for none, ISO dates and English words for a language that is not spoken here."""
    if not locale:
        return _ENGLISH
    found = lookup(locale, _LANGUAGES)
    return _LANGUAGES[found] if found else _ISO


def zone_label(zone: str) -> str:
    """The zone's name as people know it: `AoE` for the clocks of anywhere on Earth, which IANA names westwards."""
    return AOE if zone == AOE_ZONE else zone


def date_text(day: date, locale: Locales = None) -> str:
    """A date with its weekday: `Friday 11 December 2020`."""
    return words_for(locale).date_text(day)


def time_text(wall: datetime) -> str:
    """`20:00`; seconds and their fractions only where there are any."""
    if wall.microsecond:
        return f"{wall:%H:%M:%S}.{wall.microsecond:06}".rstrip("0")
    return f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"


def moment_text(moment: Moment, locale: Locales = None, reader_zone: str | None = None) -> str:
    """A moment for people; `Moment.text` says how it looks."""
    return _text(moment, moment, locale, reader_zone)


def range_text(starts: Moment, ends: Moment, locale: Locales = None, reader_zone: str | None = None) -> str:
    """From when to when, for people: `Friday 11 December 2020, 20:00-22:30 (Asia/Shanghai, UTC+08:00)`.

    Both times are shown in the zone of `starts`. Where its clocks change between them, each has its own offset. With
    `reader_zone`, the times there follow, with their dates where these differ.
    """
    return _text(starts, ends.in_zone(starts.zone), locale, reader_zone)


def hours_text(starts: Moment, ends: Moment, locale: Locales = None) -> str:
    """From when to when on a day that was said already: `20:00-22:30`. Both times are in the zone of `starts`."""
    return _stretch(words_for(locale), starts, ends.in_zone(starts.zone), starts.wall.date())


def day_text(moment: Moment, locale: Locales = None) -> str:
    """The day with its zone: `Friday 11 December 2020 (Asia/Shanghai, UTC+08:00)`."""
    words = words_for(locale)
    offset = _offset(words.place_offset, moment, moment)
    return words.date_text(moment.wall) + words.place.format(zone=zone_label(moment.zone), offset=offset)


def _text(starts: Moment, ends: Moment, locale: Locales, reader_zone: str | None) -> str:
    words = words_for(locale)
    offset = _offset(words.place_offset, starts, ends)
    text = _stretch(words, starts, ends, None) + words.place.format(
        zone=zone_label(starts.zone), offset=offset
    )
    return text if reader_zone is None else text + _elsewhere(words, starts, ends, reader_zone)


def _elsewhere(words: DateWords, starts: Moment, ends: Moment, reader_zone: str) -> str:
    first, last = starts.in_zone(reader_zone), ends.in_zone(reader_zone)
    if first.zone == starts.zone:
        return ""
    known = starts.wall.date() if starts.wall.date() == ends.wall.date() else None
    shown = _stretch(words, first, last, known)
    offset = _offset(words.elsewhere_offset, first, last)
    return words.elsewhere.format(time=shown, zone=zone_label(first.zone), offset=offset)


def _offset(template: str, first: Moment, last: Moment) -> str:
    """Said once, unless the clocks change between the two: then each time has its own. UTC is none from itself."""
    if first.zone == _UTC or first.offset != last.offset:
        return ""
    return template.format(offset=offset_text(first.offset))


def _stretch(words: DateWords, first: Moment, last: Moment, known: date | None) -> str:
    """One time or two, with their dates; `known` is a date that need not be said again."""
    begin, end = time_text(first.wall), time_text(last.wall)
    if first.offset != last.offset:
        begin, end = f"{begin} UTC{offset_text(first.offset)}", f"{end} UTC{offset_text(last.offset)}"
    day = first.wall.date()
    if day == last.wall.date():
        hours = begin if first == last else words.hours.format(first=begin, last=end)
        return hours if day == known else words.moment.format(date=words.date_text(day), time=hours)
    return words.days.format(
        first=words.moment.format(date=words.date_text(day), time=begin),
        last=words.moment.format(date=words.date_text(last.wall), time=end),
    )
