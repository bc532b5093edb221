"""Frozen objects to and from the JSON bodies that stores keep.

A body is a JSON object with the number of its `schema`: the layout of its class when it was written. Reading a body
of a newer schema raises `SchemaTooNew`; an older one is brought up to date by the upgrades that its class keeps, one
schema at a time. Nothing is left out because it equals a default: a default may change, what was stored may not.

How values are written: an instant as ISO 8601 in UTC (`2020-12-11T12:00:00Z`); a `Moment` as its wall time and zone,
with the instant that followed from them then and the version of the zone data (so that a change of zone rules can be
seen); a duration as ISO 8601 seconds (`PT900S`); texts by language; one of several classes with its name under `type`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from types import UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin

import attrs
from attrs import field, frozen
from cattrs import Converter, transform_error
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from .deadline import Deadline
from .errors import InvalidBody, NaiveTime, NotCanonical, NotWallTime, SchemaTooNew
from .moment import Moment, instant_text
from .text import LocalizedText
from .zonecheck import RecordedMoment
from .zones import zone_data_version

T = TypeVar("T")

Body = dict[str, object]
Upgrade = Callable[[Body], Body]

NO_UPGRADES: Final[Mapping[int, Upgrade]] = {}
_DURATION: Final = re.compile(r"(-?)PT(\d+)(?:\.(\d{6}))?S\Z", re.ASCII)


@frozen
class Layout(Generic[T]):
    """How one class is stored: its schema now, and how bodies of older schemas are brought up to date.

    `upgrades[n]` turns a body of schema n into one of schema n + 1; there is one for each schema before the present.
    """

    cls: type[T]
    schema: int = 1
    upgrades: Mapping[int, Upgrade] = field(default=NO_UPGRADES)

    @upgrades.validator
    def _complete(self, _: object, value: Mapping[int, Upgrade]) -> None:
        missing = [number for number in range(1, self.schema) if number not in value]
        if missing:
            raise TypeError(f"{self.cls.__name__} has schema {self.schema} and no upgrade from {missing}.")

    def to_body(self, value: T) -> Body:
        """The body of an object of this class."""
        return to_body(value, self.schema)

    def from_body(self, body: Mapping[str, object]) -> T:
        """The object that a body was made of. Raises `SchemaTooNew`, `InvalidBody`."""
        return from_body(self.cls, body, self.schema, self.upgrades)


def to_body(value: object, schema: int = 1) -> Body:
    """The JSON body of a frozen object. Raises `NaiveTime` (an instant without a zone), `NotCanonical` (no JSON)."""
    return {"schema": schema, **converter().unstructure(value)}


def from_body(
    cls: type[T],
    body: Mapping[str, object],
    schema: int = 1,
    upgrades: Mapping[int, Upgrade] = NO_UPGRADES,
) -> T:
    """The object of a body. `schema` is the newest that is known, `upgrades` lead to it from older ones.

    Raises:
        SchemaTooNew: if a newer version wrote it.
        InvalidBody: if it does not read as `cls`: all that is wrong, with paths.
    """
    plain = dict(body)
    found = plain.pop("schema", None)
    if type(found) is not int or found < 1:
        raise InvalidBody(f"A stored {cls.__name__}", found, "it says no schema, a number from 1")
    if found > schema:
        raise SchemaTooNew(f"A stored {cls.__name__}", found, schema)
    try:
        for number in range(found, schema):
            plain = upgrades[number](plain)
        return converter().structure(plain, cls)
    except Exception as error:  # a damaged body can make a constructor or an upgrade raise anything
        about = {"schema": found, "id": body.get("id")}  # not the rest: bodies hold what no log line may show
        raise InvalidBody(f"A stored {cls.__name__}", about, _reason(cls, plain, error)) from error


def _reason(cls: type[object], plain: Body, error: Exception) -> str:
    """What is wrong, with paths: the slower converter collects it."""
    try:
        converter(detailed=True).structure(plain, cls)
    except Exception as found:  # noqa: BLE001  as above
        return "; ".join(transform_error(found))
    return f"{type(error).__name__}: {error}"


def recorded_moments(body: object, path: str = "$") -> Iterator[RecordedMoment]:
    """Every moment in a body, also one whose wall time the zone no longer has."""
    if isinstance(body, Mapping):
        if "wall" in body and "zone" in body and "instant" in body:
            instant = _instant_from_text(body["instant"])
            yield RecordedMoment(
                path=path,
                wall=body["wall"],
                zone=body["zone"],
                fold=body["fold"],
                instant=instant,
                tzdata=body["tzdata"],
            )
        for key, each in body.items():
            yield from recorded_moments(each, f"{path}.{key}")
    elif isinstance(body, list | tuple):
        for position, each in enumerate(body):
            yield from recorded_moments(each, f"{path}[{position}]")


# -- the converter


@functools.cache
def converter(*, detailed: bool = False) -> Converter:
    """The converter of stored bodies. `detailed` collects every error with its path, and is slower."""
    made = Converter(
        detailed_validation=detailed,
        forbid_extra_keys=True,
        unstruct_collection_overrides={tuple: list, frozenset: sorted},
    )
    _add_scalars(made)
    _add_times(made)
    _add_deadlines(made)
    made.register_unstructure_hook(LocalizedText, lambda value: dict(value.texts))
    made.register_structure_hook(LocalizedText, lambda value, _: LocalizedText(_expect(dict, value)))
    made.register_unstructure_hook_func(_is_any, _plain)
    made.register_structure_hook_func(_is_any, lambda value, _: _frozen(value))
    made.register_unstructure_hook_factory(_has_integer_keys, functools.partial(_write_integer_keys, made))
    made.register_structure_hook_factory(_has_integer_keys, functools.partial(_read_integer_keys, made))
    made.register_structure_hook_func(_is_union_of_scalars, _read_scalar)
    made.register_unstructure_hook_factory(_is_union_of_classes, functools.partial(_write_tagged, made))
    made.register_structure_hook_factory(_is_union_of_classes, functools.partial(_read_tagged, made))
    return made


def _expect(cls: type[Any], value: Any) -> Any:
    if type(value) is not cls:
        raise TypeError(f"expected {cls.__name__}, found {value!r}")
    return value


def _add_scalars(made: Converter) -> None:
    for cls in (str, int, bool):
        made.register_structure_hook(cls, lambda value, cls: _expect(cls, value))


def _add_times(made: Converter) -> None:
    made.register_unstructure_hook(datetime, instant_text)
    made.register_structure_hook(datetime, lambda value, _: _instant_from_text(value))
    made.register_unstructure_hook(date, _date_to_text)
    made.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    made.register_unstructure_hook(time, time.isoformat)
    made.register_structure_hook(time, lambda value, _: time.fromisoformat(value))
    made.register_unstructure_hook(timedelta, _duration_to_text)
    made.register_structure_hook(timedelta, lambda value, _: _duration_from_text(value))
    made.register_unstructure_hook(Moment, _moment_to_body)
    made.register_structure_hook(Moment, lambda value, _: _moment_from_body(value))


def _add_deadlines(made: Converter) -> None:
    """A deadline's `at` is the one datetime that is a wall time: its zone is another field."""
    at = override(
        unstruct_hook=lambda wall: wall and wall.isoformat(),
        struct_hook=lambda text, _: None if text is None else _wall_from_text(text),
    )
    made.register_unstructure_hook(Deadline, make_dict_unstructure_fn(Deadline, made, at=at))
    made.register_structure_hook(Deadline, make_dict_structure_fn(Deadline, made, at=at))


def _instant_from_text(value: object) -> datetime:
    text: str = _expect(str, value)
    if not text.endswith("Z"):
        raise NaiveTime(text)
    return datetime.fromisoformat(text)


def _date_to_text(value: date) -> str:
    if isinstance(value, datetime):
        raise NotCanonical("$", value, "A date is wanted here, without a time of day: give value.date().")
    return value.isoformat()


def _wall_from_text(value: object) -> datetime:
    wall = datetime.fromisoformat(_expect(str, value))
    if wall.tzinfo is not None:
        raise NotWallTime(value)
    return wall


def _duration_to_text(value: timedelta) -> str:
    sign = "-" if value < timedelta() else ""
    seconds, micros = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    return f"{sign}PT{seconds}.{micros:06}S" if micros else f"{sign}PT{seconds}S"


def _duration_from_text(value: object) -> timedelta:
    found = _DURATION.match(_expect(str, value))
    if not found:
        raise ValueError(f"expected a duration such as PT900S, found {value!r}")
    length = timedelta(seconds=int(found[2]), microseconds=int(found[3] or 0))
    return -length if found[1] else length


def _moment_to_body(value: Moment) -> Body:
    return {
        "wall": value.wall.isoformat(),
        "zone": value.zone,
        "fold": value.fold,
        "instant": instant_text(value.instant),
        "tzdata": zone_data_version(),
    }


def _moment_from_body(value: object) -> Moment:
    body = _expect(dict, value)
    return Moment(wall=_wall_from_text(body["wall"]), zone=body["zone"], fold=_expect(int, body["fold"]))


# -- values of any JSON, mappings with integer keys, one of several classes


def _is_any(cls: object) -> bool:
    return cls is object or cls is Any


def _plain(value: object, path: str = "$") -> object:
    """JSON as it is; anything else would read back as something else."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (dict, Mapping)) and all(isinstance(key, str) for key in value):
        return {key: _plain(each, f"{path}.{key}") for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, f"{path}[{position}]") for position, each in enumerate(value)]
    raise NotCanonical(
        path, value, "Give text, integers, true, false, null, lists and objects with text as keys."
    )


def _frozen(value: object) -> object:
    """Lists as tuples: what is read is not changed by anybody."""
    if isinstance(value, Mapping):
        return {key: _frozen(each) for key, each in value.items()}
    return tuple(_frozen(each) for each in value) if isinstance(value, list | tuple) else value


def _has_integer_keys(cls: Any) -> bool:
    origin = get_origin(cls)
    return isinstance(origin, type) and issubclass(origin, Mapping) and get_args(cls)[0] is int


def _write_integer_keys(made: Converter, cls: Any) -> Callable[[Mapping[int, object]], Body]:
    kind = get_args(cls)[1]
    return lambda value: {str(key): made.unstructure(each, kind) for key, each in value.items()}


def _read_integer_keys(made: Converter, cls: Any) -> Callable[[Any, Any], dict[int, object]]:
    kind = get_args(cls)[1]
    return lambda value, _: {
        int(key): made.structure(each, kind) for key, each in _expect(dict, value).items()
    }


def _union(cls: Any) -> list[Any]:
    """The members of a union of two or more, None aside."""
    members = get_args(cls) if get_origin(cls) in {Union, UnionType} else ()
    kinds = [each for each in members if each is not type(None)]
    return kinds if len(kinds) > 1 else []


def _is_union_of_scalars(cls: Any) -> bool:
    kinds = _union(cls)
    return bool(kinds) and all(each in {str, int, bool} for each in kinds)


def _read_scalar(value: Any, cls: Any) -> object:
    if type(value) not in get_args(cls):
        raise TypeError(f"expected {cls}, found {value!r}")
    return value


def _union_classes(cls: Any) -> dict[str, type]:
    """The classes of a union of attrs classes by name; none if it holds anything else."""
    kinds = _union(cls)
    named = {each.__name__: each for each in kinds if isinstance(each, type) and attrs.has(each)}
    return named if len(named) == len(kinds) else {}


def _is_union_of_classes(cls: Any) -> bool:
    return bool(_union_classes(cls))


def _write_tagged(made: Converter, _: Any) -> Callable[[object], Body | None]:
    return lambda value: None if value is None else {"type": type(value).__name__, **made.unstructure(value)}


def _read_tagged(made: Converter, cls: Any) -> Callable[[Any, Any], object]:
    kinds = _union_classes(cls)

    def read(value: Any, _: Any) -> object:
        if value is None and type(None) in get_args(cls):
            return None
        rest = dict(_expect(dict, value))
        return made.structure(rest, kinds[rest.pop("type")])

    return read
