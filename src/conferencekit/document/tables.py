"""Tables, lists and keys: the grammar that the shape of a document is written in.

A `Table` reads into a class and writes from it. Reading, writing, the JSON Schema and the reference page all follow
from the same keys, so none of them can know a key that another does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs
from attrs import field, frozen

from ..errors import InvalidDeadline, InvalidText, InvalidTime
from .kinds import Kind, Plain, Schema
from .place import BAD, Bad, Place, Setting

Values = dict[str, Any]
MOST_ENTRIES = 2_000  # entries of one list
UNSET: Final = object()  # attrs itself takes NOTHING for "has no default"
_MOST_UNKNOWN = 10  # keys of one table that get a problem each


@frozen(kw_only=True)
class Key:
    """A key of a table.

    `example` is the right side of its line in TOML. `get` takes the value out of the object that the table writes,
    `default` is what a missing key stands for; both are the attribute of the same name where they are not given.
    """

    name: str
    kind: Kind
    doc: str
    example: str
    required: bool = False
    get: Callable[[Any], Any] | None = None
    default: object = UNSET
    default_doc: str = ""

    def value_of(self, thing: Any) -> Any:
        """What `thing` has under this key."""
        return self.get(thing) if self.get else getattr(thing, self.name)


@frozen(kw_only=True, eq=False)
class Table:
    """A table of the document and the class that it makes.

    `prepare` gives the setting that its keys are read in, `check` reports what its values say against each other (it
    gets those that could be read, and answers what goes into the class), `setting_for` and `rest` are for writing.
    """

    title: str
    of: type
    doc: str
    keys: tuple[Key, ...]
    make: Callable[..., Any] | None = None
    prepare: Callable[[Mapping[str, object], Place], Place] = lambda _, at: at
    check: Callable[[Values, Place], Values] = lambda values, _: values
    setting_for: Callable[[Any, Setting], Setting] = lambda _, setting: setting
    rest: Callable[[Any, Setting], Values] = lambda _thing, _setting: {}
    defaults: Mapping[str, object] = field(init=False)

    @defaults.default
    def _from_class(self) -> Mapping[str, object]:
        own = {key.name: key.default for key in self.keys if key.default is not UNSET}
        return _class_defaults(self.of) | own

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "a table"

    def read(self, value: object, at: Place) -> Any:
        """The object, or `BAD`."""
        if not isinstance(value, Mapping):
            return at.report(value, f"expected a table with {', '.join(key.name for key in self.keys)}.")
        before = len(at.findings)
        place = self.prepare(value, at)
        values = self._read_keys(value, place)
        read = {name: each for name, each in values.items() if not isinstance(each, Bad)}
        checked = self.check(dict(read), place)
        if len(read) < len(values) or BAD in checked.values() or len(at.findings) > before:
            return BAD
        try:
            return (self.make or self.of)(**checked)
        except (InvalidText, InvalidDeadline, InvalidTime) as error:
            return at.report(_shown(error, value), getattr(error, "remedy", str(error)))

    def _read_keys(self, data: Mapping[str, object], at: Place) -> Values:
        known = {key.name: key for key in self.keys}
        self._report_unknown([name for name in data if name not in known], data, at)
        values: Values = {}
        for name, raw in data.items():
            if name not in known:
                continue
            if raw is None:
                at.key(name).report("null", "a document has no null. Leave the key out.")
            else:
                values[name] = known[name].kind.read(raw, at.key(name))
        for key in self.keys:
            if key.required and key.name not in data:
                at.key(key.name).report(None, f"expected {key.kind.name}, such as {key.example}.")
        return values

    def _report_unknown(self, unknown: list[str], data: Mapping[str, object], at: Place) -> None:
        names = [key.name for key in self.keys]
        for name in unknown[:_MOST_UNKNOWN]:
            expected = f"{self.title} has no such key; it has {', '.join(names)}."
            at.key(str(name)).report(data[name], expected, at.nearest(name, names))
        if len(unknown) > _MOST_UNKNOWN:
            more = f"{len(unknown) - _MOST_UNKNOWN} more unknown keys"
            at.report(more, "correct the first ones and check again.")

    def write(self, value: Any, setting: Setting) -> Plain:
        """The plain table; keys at their default are left out."""
        inside = self.setting_for(value, setting)
        data: Values = {}
        for key in self.keys:
            one = key.value_of(value)
            if one is not None and one != self.defaults.get(key.name, attrs.NOTHING):
                data[key.name] = key.kind.write(one, inside)
        return data | self.rest(value, setting)

    def schema(self) -> Schema:
        """Its JSON Schema, closed: no other keys."""
        properties = {}
        for key in self.keys:
            properties[key.name] = key.kind.schema() | {"description": key.doc}
        required = [key.name for key in self.keys if key.required]
        shape: Schema = {"type": "object", "description": self.doc, "properties": properties}
        return shape | ({"required": required} if required else {}) | {"additionalProperties": False}


def _class_defaults(cls: type) -> dict[str, object]:
    defaults: dict[str, object] = {}
    for each in attrs.fields(cls) if attrs.has(cls) else ():
        if isinstance(each.default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time, a function to mypy
            defaults[each.name] = each.default.factory()
        elif each.default is not attrs.NOTHING:
            defaults[each.name] = each.default
    return defaults


def _shown(error: Exception, value: object) -> object:
    return getattr(error, "value", value)


@frozen(kw_only=True)
class Entries:
    """A list whose entries are all of one kind. With `unique`, no two are equal; with `unique_by`, in that key."""

    of: Kind
    least: int = 0
    most: int = MOST_ENTRIES
    unique: bool = False
    unique_by: str = ""
    check: Callable[[list[Any], Place], None] = lambda _values, _at: None

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"a list, each {self.of.name}"

    def read(self, value: object, at: Place) -> tuple[Any, ...] | Bad:
        """The entries, or a `Bad`."""
        if not isinstance(value, list | tuple):
            return at.report(value, f"expected a list ([…]), each entry {self.of.name}.")
        if not self.least <= len(value) <= self.most:
            return at.report(f"{len(value)} entries", f"expected {self.least} to {self.most}.")
        values = [self.of.read(raw, at.item(index)) for index, raw in enumerate(value)]
        if self.unique:
            _report_repeated(values, at)
        if self.unique_by:
            _report_same(self.unique_by, values, value, at)
        self.check(values, at)
        return BAD if any(isinstance(each, Bad) for each in values) else tuple(values)

    def write(self, value: tuple[Any, ...], setting: Setting) -> Plain:
        """The plain list."""
        return [self.of.write(each, setting) for each in value]

    def schema(self) -> Schema:
        """Its JSON Schema."""
        shape: Schema = {"type": "array", "items": self.of.schema()}
        if self.least:
            shape["minItems"] = self.least
        return shape | ({"uniqueItems": True} if self.unique else {})


def _report_repeated(values: list[Any], at: Place) -> None:
    seen: dict[Any, int] = {}
    for index, each in enumerate(values):
        if isinstance(each, Bad):
            continue
        if each in seen:
            at.item(index).report(each, f"stands already at [{seen[each]}]. Keep one.")
        seen.setdefault(each, index)


def _report_same(name: str, values: list[Any], raw: Sequence[object], at: Place) -> None:
    """Reports entries that have the same `name`; of an entry with other faults what was written counts."""
    seen: dict[object, int] = {}
    for index, (value, written) in enumerate(zip(values, raw, strict=True)):
        mark = _written(written, name) if isinstance(value, Bad) else getattr(value, name)
        if mark in seen:
            expected = f"[{seen[mark]}] has the same {name}. Give each one of its own."
            at.item(index).key(name).report(mark, expected)
        if mark is not None:
            seen.setdefault(mark, index)


def _written(raw: object, name: str) -> str | None:
    mark = raw.get(name) if isinstance(raw, Mapping) else None
    return mark if isinstance(mark, str) else None
