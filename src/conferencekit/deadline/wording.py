"""What a deadline says to people: when it closes, and its last moment, in words."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from ..datewords import Locales, date_text, words_for
from ..errors import TimeOutOfRange
from ..moment import Moment, start_of_day
from ..zones import AOE

_SECOND = timedelta(seconds=1)


@frozen(kw_only=True)
class _Phrases:
    begins: str
    ends: str
    at: str
    last: str
    extended: str
    opens: str
    anywhere: str


_ENGLISH = _Phrases(
    begins="closes when {date} begins in {place}",
    ends="closes when {date} ends in {place}",
    at="closes on {moment}",
    last="{closes}: last moment {moment}",
    extended="{text}; extended, was {moment}",
    opens="opens on {moment}; {text}",
    anywhere="the last place on Earth (AoE)",
)

_PHRASES = {
    "en": _ENGLISH,
    "fr": _Phrases(
        begins="clôture au début du {date}, {place}",
        ends="clôture à la fin du {date}, {place}",
        at="clôture : {moment}",
        last="{closes} ; dernier instant : {moment}",
        extended="{text} ; prolongé, auparavant : {moment}",
        opens="ouverture : {moment} ; {text}",
        anywhere="au dernier endroit de la Terre (AoE)",
    ),
    "es": _Phrases(
        begins="se cierra al comenzar el {date}, {place}",
        ends="se cierra al terminar el {date}, {place}",
        at="se cierra: {moment}",
        last="{closes}; último momento: {moment}",
        extended="{text}; ampliado, antes: {moment}",
        opens="se abre: {moment}; {text}",
        anywhere="en el último lugar de la Tierra (AoE)",
    ),
    "ru": _Phrases(
        begins="закрывается с началом дня: {date}, {place}",
        ends="закрывается с окончанием дня: {date}, {place}",
        at="закрывается: {moment}",
        last="{closes}; последний момент: {moment}",
        extended="{text}; срок продлён, ранее: {moment}",
        opens="открывается: {moment}; {text}",
        anywhere="в последней точке Земли (AoE)",
    ),
    "zh": _Phrases(
        begins="截止于{date}开始之时（{place}）",
        ends="截止于{date}结束之时（{place}）",
        at="截止于{moment}",
        last="{closes}，最后时刻为{moment}",
        extended="{text}；已延期，原为{moment}",
        opens="开放时间为{moment}；{text}",
        anywhere="地球上任何地点，AoE",
    ),
    "ar": _Phrases(
        begins="يُغلق عند بداية يوم {date}، {place}",
        ends="يُغلق عند نهاية يوم {date}، {place}",
        at="يُغلق: {moment}",
        last="{closes}؛ آخر لحظة: {moment}",
        extended="{text}؛ مُدِّد، وكان: {moment}",
        opens="يُفتح: {moment}؛ {text}",
        anywhere="في آخر مكان على الأرض (AoE)",
    ),
}


@frozen(kw_only=True)
class Saying:
    """How a deadline in `zone` is to be said: in which language, for a reader where, under what name of its place.

    `place` stands for the zone in "begins in {place}": "Beijing time" reads better than "Asia/Shanghai".
    """

    zone: str
    locale: Locales = None
    reader_zone: str | None = None
    place: str | None = None


def deadline_text(closes: Moment, saying: Saying, *, through: bool = False, was: Moment | None = None) -> str:
    """One sentence without a full stop: when it closes and what the last moment is.

    `through` prefers the day that ends to the day that begins; `was` is the closing before an extension.
    """
    phrases = _PHRASES.get(words_for(saying.locale).locale, _ENGLISH)
    last = _last_moment(closes)
    text = phrases.last.format(
        closes=_closes(closes, last, phrases, saying, through=through),
        moment=last.text(saying.locale, saying.reader_zone),
    )
    if was is None:
        return text
    return phrases.extended.format(text=text, moment=_last_moment(was).text(saying.locale))


def with_opening(text: str, opens: Moment, saying: Saying) -> str:
    """The sentence about the closing, after one about the opening."""
    phrases = _PHRASES.get(words_for(saying.locale).locale, _ENGLISH)
    moment = opens.text(saying.locale, saying.reader_zone)
    return phrases.opens.format(moment=moment, text=text)


def _closes(closes: Moment, last: Moment, phrases: _Phrases, saying: Saying, *, through: bool) -> str:
    if closes != start_of_day(closes.wall.date(), closes.zone):
        return phrases.at.format(moment=closes.text(saying.locale))
    day = last.wall.date() if through else closes.wall.date()
    place = saying.place or (phrases.anywhere if saying.zone == AOE else closes.zone)
    template = phrases.ends if through else phrases.begins
    return template.format(date=date_text(day, saying.locale), place=place)


def _last_moment(closes: Moment) -> Moment:
    """The last whole second that is in time."""
    try:
        return closes.plus(-_SECOND if not closes.wall.microsecond else -timedelta(microseconds=1))
    except TimeOutOfRange:
        return closes
