"""Finding plugins, what they offer, and telling them what happened.

`make_plugin_manager` returns a new `Plugins` each time: nothing is kept in this module, and two hosts in one process
never meet. Hook implementations are called one by one, in the order of their plugins' names, so that one that raises
is named and stops no other.
"""

from __future__ import annotations

import difflib
import inspect
import itertools
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any, Final, Generic, TypeVar

import pluggy
from attrs import evolve, field, frozen

from . import hookspecs
from .adapters import builtin
from .errors import DuplicateName, InvalidHook, PluginBroken, PluginError, StoreUnavailable, UnknownBackend
from .events import EVENTS, Event, hook_name
from .form.field_types import FieldType
from .ports import BlobStore, FormBackend, Mailer, Store

T = TypeVar("T")

StoreFactory = Callable[[str], Store]
MailerFactory = Callable[[str], Mailer]
BlobStoreFactory = Callable[[str], BlobStore]
FormBackendFactory = Callable[[], FormBackend]
Exporter = Callable[[Sequence[str], Iterable[Sequence[str]]], Iterable[bytes]]

ENTRY_POINTS: Final = hookspecs.PROJECT
BUILTIN: Final = "builtin"
_PREFIX: Final = "conferencekit_"
_KINDS: Final = {
    "stores": "store",
    "mailers": "mailer",
    "form_backends": "form backend",
    "blob_stores": "blob store",
    "field_types": "field type",
    "exporters": "exporter",
}
_UNMARKED: Final = "Mark it with @conferencekit.hookimpl, or it is never called."
_ONE_ARGUMENT: Final = "Take the one argument of the hook, under its name: `registry` or `event`."


# -- what plugins offer


@frozen
class Offer(Generic[T]):
    """One thing that a plugin offers under a name."""

    name: str
    plugin: str
    factory: T


class Registry(Generic[T]):
    """What plugins offer of one kind, by name. It is filled while the plugin manager is made, and only read later."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._offers: dict[str, Offer[T]] = {}
        self._unusable: dict[str, str] = {}

    def take(self, offers: Iterable[Offer[T]]) -> None:
        """Add what one plugin offers. Raises `DuplicateName`, naming both plugins."""
        for offer in offers:
            first = self._offers.setdefault(offer.name, offer)
            if first is not offer:
                raise DuplicateName(self.what, offer.name, (first.plugin, offer.plugin))

    def miss(self, plugin: str, reason: str) -> None:
        """Remember a plugin that might have offered what somebody will ask for."""
        self._unusable[plugin] = reason

    def get(self, name: str) -> T:
        """What is offered under this name. Raises `UnknownBackend`: what is known, what did not load and why."""
        if offer := self._offers.get(name):
            return offer.factory
        broken = tuple(f"{plugin} ({reason})" for plugin, reason in sorted(self._unusable.items()))
        raise UnknownBackend(self.what, name, tuple(self), broken)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._offers))

    def __len__(self) -> int:
        return len(self._offers)

    def offers(self) -> tuple[Offer[T], ...]:
        """Everything that is offered, by name."""
        return tuple(self._offers[name] for name in self)


class Registrar(Generic[T]):
    """What a registration hook gets: where one plugin adds what it offers."""

    def __init__(self, what: str, plugin: str) -> None:
        self._what = what
        self._plugin = plugin
        self.offers: list[Offer[T]] = []

    def add(self, name: str, factory: T) -> None:
        """Offer `factory` under `name` (of stores, mailers and blob stores: the scheme of their URLs)."""
        if any(each.name == name for each in self.offers):
            raise DuplicateName(self._what, name, (self._plugin, self._plugin))
        self.offers.append(Offer(name, self._plugin, factory))


# -- the manager


@frozen
class PluginFailure:
    """A listener that raised. The event stays true, and the other listeners were told."""

    plugin: str
    hook: str
    error: Exception

    def __str__(self) -> str:
        return f"{self.plugin}: {self.hook} raised {type(self.error).__name__}: {self.error}"


@frozen
class PluginRow:
    """One line for `conferencekit plugins`. `offers` reads like `store sqlite`; `error` says why it is not in use."""

    name: str
    version: str | None
    hooks: tuple[str, ...]
    offers: tuple[str, ...]
    error: str | None = None


@frozen(kw_only=True)
class Plugins:
    """The plugins of one host: what they offer, and whom to tell. Thread-safe."""

    stores: Registry[StoreFactory]
    mailers: Registry[MailerFactory]
    form_backends: Registry[FormBackendFactory]
    blob_stores: Registry[BlobStoreFactory]
    field_types: Registry[FieldType]
    exporters: Registry[Exporter]
    _rows: tuple[PluginRow, ...] = field(repr=False)
    _listeners: Mapping[type[Event], Sequence[pluggy.HookImpl]] = field(repr=False)

    def announce(self, event: Event) -> tuple[PluginFailure, ...]:
        """Tell every listener, in the order of their plugins' names; those that raise come back, named."""
        failures = []
        for listener in self._listeners.get(type(event), ()):
            try:
                _refuse_awaitable(listener, _call(listener, event))
            except Exception as error:  # noqa: BLE001  a listener may raise anything; the fact is committed and stays
                failures.append(PluginFailure(listener.plugin_name, hook_name(type(event)), error))
        return tuple(failures)

    def list_plugins(self) -> tuple[PluginRow, ...]:
        """Every plugin that was found, by name, also those that are disabled or did not load."""
        return self._rows


def _call(implementation: pluggy.HookImpl, value: object) -> object:
    """All our hooks have one argument; an implementation may leave it out."""
    return implementation.function(*[value for _ in implementation.argnames])


def _refuse_awaitable(listener: pluggy.HookImpl, result: object) -> None:
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        remedy = "It returned an awaitable, and nobody awaits it: write a plain function."
        raise InvalidHook(listener.plugin_name, listener.function.__name__, remedy)


def make_plugin_manager(
    *plugins: object, entry_points: bool = True, disabled: Collection[str] = ()
) -> Plugins:
    """Find and check the plugins of one host: the built-in one, those given, and those of installed distributions.

    A given plugin that cannot work is an error here. An installed one that cannot work is left out and remembered:
    `list_plugins` shows why, and whoever asks for what it might offer gets the reason.

    Args:
        plugins: modules or objects with hook implementations.
        entry_points: whether to load what installed distributions name in the group `conferencekit`.
        disabled: names of plugins or of their distributions to leave out.

    Raises:
        InvalidHook: for a given plugin with a misspelt, asynchronous or wrapped hook, or that is a class.
        PluginBroken: for a given plugin whose registration raises.
        DuplicateName: if two plugins have one name or offer something under one name.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    registries: dict[str, Registry[Any]] = {key: Registry(what) for key, what in _KINDS.items()}
    found = sorted(_candidates(plugins, entry_points=entry_points), key=lambda each: each.name)
    for first, second in itertools.pairwise(found):
        if first.name == second.name:
            raise DuplicateName("plugin", first.name, (first.origin, second.origin))
    rows = tuple(_adopt(each, manager, registries, disabled) for each in found)
    return Plugins(
        **registries, rows=rows, listeners={each: _implementations(manager, each) for each in EVENTS}
    )


def _implementations(manager: pluggy.PluginManager, event: type[Event]) -> list[pluggy.HookImpl]:
    found = getattr(manager.hook, hook_name(event)).get_hookimpls()
    return sorted(found, key=lambda each: each.plugin_name)


# -- finding plugins


@frozen
class _Candidate:
    """A plugin that was found. Given ones have no distribution. `error` says why it cannot be used."""

    name: str
    plugin: object
    version: str | None = None
    distribution: str = ""
    error: str | None = None

    @property
    def origin(self) -> str:
        """What tells two plugins of one name apart."""
        return self.distribution or f"the given {self.plugin!r}"


def _candidates(plugins: Iterable[object], *, entry_points: bool) -> Iterator[_Candidate]:
    yield _Candidate(BUILTIN, builtin, _version("conferencekit"))
    count: Counter[str] = Counter()
    for plugin in plugins:
        name = _name(plugin)
        count[name] += 1
        yield _Candidate(name if count[name] == 1 else f"{name}#{count[name]}", plugin)
    if entry_points:
        points = metadata.entry_points(group=ENTRY_POINTS)
        given = {id(each) for each in plugins}
        loaded = (_load(each) for each in sorted(points, key=lambda each: (each.name, each.value)))
        yield from (each for each in loaded if id(each.plugin) not in given)


def _name(plugin: object) -> str:
    return str(getattr(plugin, "__name__", None) or type(plugin).__name__)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # run from a source tree
        return None


def _load(point: metadata.EntryPoint) -> _Candidate:
    distribution, version = (point.dist.name, point.dist.version) if point.dist else (point.value, None)
    try:
        return _Candidate(point.name, point.load(), version, distribution)
    except Exception as raised:  # noqa: BLE001  importing somebody's distribution may raise anything
        return _Candidate(point.name, None, version, distribution, f"{type(raised).__name__}: {raised}")


# -- taking one plugin in


def _adopt(
    candidate: _Candidate,
    manager: pluggy.PluginManager,
    registries: Mapping[str, Registry[Any]],
    disabled: Collection[str],
) -> PluginRow:
    offers: dict[str, list[Offer[Any]]] = {}
    if candidate.name in disabled or candidate.distribution in disabled:
        candidate = evolve(candidate, error="disabled")
    if candidate.error is None:
        try:
            offers = _register(candidate, manager)
        except (InvalidHook, PluginBroken) as error:
            manager.unregister(name=candidate.name)
            if not candidate.distribution:
                raise
            candidate = evolve(candidate, error=str(error))
    names = []
    for key, registry in registries.items():
        registry.take(offers.get(key, ()))
        names += [f"{registry.what} {each.name}" for each in offers.get(key, ())]
        if candidate.error is not None:
            registry.miss(candidate.name, candidate.error)
    return PluginRow(
        candidate.name, candidate.version, _hooks(candidate, manager), tuple(names), candidate.error
    )


def _hooks(candidate: _Candidate, manager: pluggy.PluginManager) -> tuple[str, ...]:
    return tuple(sorted(each.name for each in manager.get_hookcallers(candidate.plugin) or ()))


def _register(candidate: _Candidate, manager: pluggy.PluginManager) -> dict[str, list[Offer[Any]]]:
    """Check and register a plugin; what it offers, by kind."""
    _check(candidate, manager)
    try:
        manager.register(candidate.plugin, name=candidate.name)
    except pluggy.PluginValidationError as error:
        raise InvalidHook(
            candidate.name, str(error).split("hook ", 1)[-1].split("\n")[0], _ONE_ARGUMENT
        ) from error
    except ValueError as error:  # the same object under another name
        raise DuplicateName("plugin", candidate.name, (candidate.name, candidate.name)) from error
    offers = {}
    for key, what in _KINDS.items():
        registrar: Registrar[Any] = Registrar(what, candidate.name)
        for each in getattr(manager.hook, f"{_PREFIX}register_{key}").get_hookimpls():
            if each.plugin is candidate.plugin:
                _offer(each, registrar)
        offers[key] = registrar.offers
    return offers


def _offer(implementation: pluggy.HookImpl, registrar: Registrar[Any]) -> None:
    try:
        _refuse_awaitable(implementation, _call(implementation, registrar))
    except PluginError:
        raise
    except Exception as error:
        raise PluginBroken(implementation.plugin_name, f"{type(error).__name__}: {error}") from error


def _check(candidate: _Candidate, manager: pluggy.PluginManager) -> None:
    """Refuse what pluggy would take and then never call as its author meant."""
    plugin = candidate.plugin
    if inspect.isclass(plugin):
        remedy = f"It is a class: register an object, {plugin.__name__}()."
        raise InvalidHook(candidate.name, plugin.__qualname__, remedy)
    hooks = {name for name in vars(hookspecs) if name.startswith(_PREFIX)}
    for attribute in dir(plugin):
        value = inspect.getattr_static(plugin, attribute)
        value = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if not inspect.isroutine(value):
            continue
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            _check_implementation(
                candidate.name, str(options["specname"] or attribute), value, options, hooks
            )
        elif attribute.startswith(_PREFIX):
            remedy = _UNMARKED if attribute in hooks else _nearest(attribute, hooks)
            raise InvalidHook(candidate.name, attribute, remedy)


def _check_implementation(
    plugin: str,
    hook: str,
    function: Callable[..., object],
    options: pluggy.HookimplOpts,
    hooks: Collection[str],
) -> None:
    inner = inspect.unwrap(function)
    remedy = None
    if hook not in hooks:
        remedy = None if options["optionalhook"] else _nearest(hook, hooks)
    elif inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner):
        remedy = "Hooks are called synchronously: write `def`, and hand over to your event loop from there."
    elif options["hookwrapper"] or options["wrapper"] or inspect.isgeneratorfunction(inner):
        remedy = "Hooks cannot be wrapped: write a plain function without `yield`."
    elif options["tryfirst"] or options["trylast"]:
        remedy = "Hooks run in the order of the plugins' names: drop tryfirst and trylast."
    if remedy:
        raise InvalidHook(plugin, hook, remedy)


def _nearest(hook: str, hooks: Iterable[str]) -> str:
    near = difflib.get_close_matches(hook, sorted(hooks), n=1, cutoff=0.0)
    return f"There is no such hook; did you mean {near[0]}?"


# -- opening what is named by a URL


def open_store(url: str, plugins: Plugins) -> Store:
    """The store that a URL such as `sqlite:///gmc.db` names.

    Raises:
        UnknownBackend: nobody offers it.
        StoreUnavailable: it holds what no file or host can be named by; and whatever opening it raises.
    """
    try:
        wrong = "it holds the character NUL: remove it" if b"\0" in os.fsencode(url) else ""
    except UnicodeEncodeError:
        wrong = "it holds half of a surrogate pair: it must be valid Unicode"
    if wrong:
        raise StoreUnavailable(ascii(url)[1:-1], wrong)
    return plugins.stores.get(_scheme(url))(url)


def open_mailer(url: str, plugins: Plugins) -> Mailer:
    """The mailer that a URL such as `maildir:outbox` names. Raises `UnknownBackend`, and what opening it raises."""
    return plugins.mailers.get(_scheme(url))(url)


def open_blobs(url: str, plugins: Plugins) -> BlobStore:
    """The blob store that a URL such as `folder:files` names. Raises `UnknownBackend`, and what opening it raises."""
    return plugins.blob_stores.get(_scheme(url))(url)


def _scheme(url: str) -> str:
    """Up to the first colon; never more, so that no message shows the password of a URL."""
    return url.partition(":")[0]
