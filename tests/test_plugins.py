"""Finding plugins, refusing hooks that would never run, and telling listeners one by one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import ModuleType

import pytest

from conferencekit import errors, hookimpl, hookspecs, make_plugin_manager
from conferencekit.events import EVENTS, Event, RegistrationConfirmed, hook_name
from conferencekit.plugins import open_blobs, open_mailer, open_store
from conferencekit.ports import BlobStore, Mailer, Store

CONFIRMED = RegistrationConfirmed(
    conference="gmc2020", subject="r-1", at=datetime(2020, 11, 12, tzinfo=UTC), entry="e-1", reference="GMC-1"
)


class Listener:
    """Keeps what it is told."""

    def __init__(self, name: str = "Listener") -> None:
        self.__name__ = name
        self.heard: list[object] = []

    @hookimpl
    def conferencekit_registration_confirmed(self, event):
        self.heard.append(event)


class Broken(Listener):
    """Raises when it is told."""

    @hookimpl
    def conferencekit_registration_confirmed(self, event):
        raise RuntimeError("no paper left")


def offering(name: str, scheme: str) -> object:
    """A plugin that offers a store."""

    class Offering:
        __name__ = name

        @hookimpl
        def conferencekit_register_stores(self, registry):
            registry.add(scheme, lambda url: ("opened", url))

    return Offering()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A function that installs a distribution with one entry point, from its source."""

    def install(distribution: str, point: str, source: str) -> None:
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source, encoding="utf-8")
        info = tmp_path / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n", encoding="utf-8"
        )
        (info / "entry_points.txt").write_text(f"[conferencekit]\n{point}\n", encoding="utf-8")
        monkeypatch.delitem(sys.modules, module, raising=False)

    monkeypatch.syspath_prepend(tmp_path)
    return install


# "shelf" is taken where the example store is installed beside
RACK = """
from conferencekit import hookimpl

@hookimpl
def conferencekit_register_stores(registry):
    registry.add("rack", lambda url: ("rack", url))
"""


class TestBuiltin:
    """The adapters that come with the library are registered as any other."""

    def test_what_is_built_in_is_offered(self):
        """By the schemes of their URLs."""
        plugins = make_plugin_manager(entry_points=False)
        assert list(plugins.stores) == ["memory", "sqlite"]
        assert list(plugins.mailers) == ["maildir", "memory", "smtp"]
        assert list(plugins.blob_stores) == ["folder", "memory"]
        assert list(plugins.form_backends) == ["html"]
        assert list(plugins.exporters) == ["csv"]

    def test_two_managers_never_meet(self):
        """Nothing is global."""
        make_plugin_manager(offering("shelves", "shelf"), entry_points=False)
        assert "shelf" not in list(make_plugin_manager(entry_points=False).stores)

    @pytest.mark.parametrize("url", ["sqlite:///{tmp}/a.db", "memory:"])
    def test_a_store_opens_by_its_scheme(self, tmp_path, url):
        """Its module loads now."""
        store = open_store(url.format(tmp=tmp_path), make_plugin_manager(entry_points=False))
        assert isinstance(store, Store)
        assert store.conferences() == []
        store.close()

    @pytest.mark.parametrize("url", ["maildir:{tmp}/out", "smtp://localhost:25", "memory:"])
    def test_a_mailer_opens_by_its_scheme(self, tmp_path, url):
        """It connects when there is something to send."""
        mailer = open_mailer(url.format(tmp=tmp_path), make_plugin_manager(entry_points=False))
        assert isinstance(mailer, Mailer)
        assert mailer.send([]) == []
        mailer.close()

    @pytest.mark.parametrize("url", ["folder:{tmp}/files", "memory:"])
    def test_a_blob_store_opens_by_its_scheme(self, tmp_path, url):
        """Nothing is in it."""
        blobs = open_blobs(url.format(tmp=tmp_path), make_plugin_manager(entry_points=False))
        assert isinstance(blobs, BlobStore)
        assert blobs.delete("0" * 64) is False
        blobs.close()

    def test_a_form_backend_is_made(self):
        """The one that writes HTML."""
        assert make_plugin_manager(entry_points=False).form_backends.get("html")()


class TestOffers:
    """One name, one backend."""

    def test_a_plugin_offers_a_store(self):
        """The factory gets the whole URL; the scheme ends at the first colon."""
        plugins = make_plugin_manager(offering("shelves", "shelf+x"), entry_points=False)
        assert open_store("shelf+x://user:pass@host/a:b", plugins) == (
            "opened",
            "shelf+x://user:pass@host/a:b",
        )

    def test_two_plugins_that_offer_one_name_are_both_named(self):
        """Also against what is built in."""
        with pytest.raises(errors.DuplicateName, match=r"builtin and other offer a store named 'sqlite'"):
            make_plugin_manager(offering("other", "sqlite"), entry_points=False)
        with pytest.raises(errors.DuplicateName, match=r"a and b offer a store named 'x'"):
            make_plugin_manager(offering("a", "x"), offering("b", "x"), entry_points=False)

    def test_one_plugin_cannot_offer_a_name_twice(self):
        """It names itself twice."""

        class Twice:
            @hookimpl
            def conferencekit_register_mailers(self, registry):
                registry.add("post", 1)
                registry.add("post", 2)

        with pytest.raises(errors.DuplicateName, match=r"Twice and Twice offer a mailer named 'post'"):
            make_plugin_manager(Twice(), entry_points=False)

    def test_an_unknown_name_says_what_is_known(self):
        """And shows no more of a URL than its scheme."""
        plugins = make_plugin_manager(entry_points=False)
        with pytest.raises(errors.UnknownBackend) as caught:
            open_store("redis://user:hunter2@host", plugins)
        assert "'redis'" in str(caught.value)
        assert "memory, sqlite" in str(caught.value)
        assert "hunter2" not in str(caught.value)

    def test_a_registration_that_raises_is_named(self):
        """With its plugin."""

        class Sad:
            @hookimpl
            def conferencekit_register_stores(self, registry):
                raise OSError("no shelf here")

        with pytest.raises(errors.PluginBroken, match=r"Sad does not load \(OSError: no shelf here\)"):
            make_plugin_manager(Sad(), entry_points=False)


class Misspelt:
    @hookimpl
    def conferencekit_registration_confirm(self, event): ...


class MisspeltAndUnmarked:
    def conferencekit_register_store(self, registry): ...


class Unmarked:
    def conferencekit_register_stores(self, registry): ...


class BySpecname:
    @hookimpl(specname="conferencekit_register_storse")
    def stores(self, registry): ...


class Asynchronous:
    @hookimpl
    async def conferencekit_registration_confirmed(self, event): ...


class AsynchronousGenerator:
    @hookimpl
    async def conferencekit_registration_confirmed(self, event):
        yield


class Generator:
    @hookimpl
    def conferencekit_registration_confirmed(self, event):
        yield


class Wrapper:
    @hookimpl(wrapper=True)
    def conferencekit_registration_confirmed(self, event):
        return (yield)


class First:
    @hookimpl(tryfirst=True)
    def conferencekit_registration_confirmed(self, event): ...


class OtherArgument:
    @hookimpl
    def conferencekit_registration_confirmed(self, registration): ...


class StaticallyAsynchronous:
    @staticmethod
    @hookimpl
    async def conferencekit_registration_confirmed(event): ...


class TestRefusals:
    """What pluggy would take and then never call as its author meant."""

    @pytest.mark.parametrize(
        ("plugin", "words"),
        [
            (Misspelt(), "did you mean conferencekit_registration_confirmed?"),
            (MisspeltAndUnmarked(), "did you mean conferencekit_register_stores?"),
            (Unmarked(), "Mark it with @conferencekit.hookimpl"),
            (BySpecname(), "did you mean conferencekit_register_stores?"),
            (Asynchronous(), "write `def`"),
            (AsynchronousGenerator(), "write `def`"),
            (StaticallyAsynchronous(), "write `def`"),
            (Generator(), "without `yield`"),
            (Wrapper(), "without `yield`"),
            (First(), "drop tryfirst"),
            (OtherArgument(), "`registry` or `event`"),
            (Listener, "register an object, Listener()"),
        ],
        ids=lambda each: type(each).__name__ if not isinstance(each, str) else "",
    )
    def test_a_hook_that_could_not_work_is_refused(self, plugin, words):
        """At the start, with plugin, hook and remedy."""
        with pytest.raises(errors.InvalidHook) as caught:
            make_plugin_manager(plugin, entry_points=False)
        assert words in str(caught.value)
        name = plugin.__name__ if isinstance(plugin, type) else type(plugin).__name__
        assert name in str(caught.value)

    def test_what_only_looks_like_a_hook_is_let_pass(self):
        """A module may import another plugin, and a property is not run."""
        module = ModuleType("neighbour")
        module.conferencekit_shelf = ModuleType("conferencekit_shelf")

        class Careful:
            @property
            def conferencekit_something(self):
                raise AssertionError("was run")

            @hookimpl(optionalhook=True)
            def conferencekit_of_a_later_version(self, event): ...

        make_plugin_manager(module, Careful(), entry_points=False)

    def test_one_object_cannot_be_given_twice(self):
        """It would be told twice."""
        listener = Listener()
        with pytest.raises(errors.DuplicateName, match="Listener"):
            make_plugin_manager(listener, listener, entry_points=False)

    def test_two_objects_of_one_class_can(self):
        """They get numbers."""
        rows = make_plugin_manager(Misc(), Misc(), entry_points=False).list_plugins()
        assert [each.name for each in rows] == ["Misc", "Misc#2", "builtin"]


class Misc:
    """Says nothing."""


class TestAnnounce:
    """Events are told to all, whatever one does."""

    def test_listeners_hear_the_event(self):
        """The very object."""
        listener = Listener()
        assert make_plugin_manager(listener, entry_points=False).announce(CONFIRMED) == ()
        assert listener.heard == [CONFIRMED]

    def test_one_that_raises_is_named_and_stops_no_other(self):
        """Those before and those after are told."""
        before, after = Listener("a"), Listener("z")
        plugins = make_plugin_manager(after, Broken("m"), before, entry_points=False)
        (failure,) = plugins.announce(CONFIRMED)
        assert str(failure) == "m: conferencekit_registration_confirmed raised RuntimeError: no paper left"
        assert before.heard == after.heard == [CONFIRMED]

    def test_listeners_run_in_the_order_of_their_names(self):
        """Whatever the order in which they were given."""
        heard = []

        class Named(Listener):
            @hookimpl
            def conferencekit_registration_confirmed(self):
                heard.append(self.__name__)

        make_plugin_manager(*(Named(name) for name in "cab"), entry_points=False).announce(CONFIRMED)
        assert heard == ["a", "b", "c"]

    def test_a_listener_that_returns_an_awaitable_is_a_failure(self):
        """A plain function may hide a coroutine; nothing would run it."""

        class Hidden:
            @hookimpl
            def conferencekit_registration_confirmed(self, event):
                async def later(): ...

                return later()

        (failure,) = make_plugin_manager(Hidden(), entry_points=False).announce(CONFIRMED)
        assert "nobody awaits it" in str(failure.error)

    def test_other_events_are_not_heard(self):
        """Each hook has its own event."""
        listener = Listener()
        plugins = make_plugin_manager(listener, entry_points=False)
        for event in EVENTS:
            if event is not RegistrationConfirmed:
                plugins.announce(event.__new__(event))
        assert listener.heard == []


class TestInstalledDistributions:
    """One that is broken stops nobody, until somebody asks for what it offers."""

    def test_an_entry_point_is_found(self, installed):
        """With its version and what it offers."""
        installed("conferencekit-rack", "rack = conferencekit_rack", RACK)
        plugins = make_plugin_manager()
        assert open_store("rack:records", plugins) == ("rack", "rack:records")
        row = next(each for each in plugins.list_plugins() if each.name == "rack")
        assert (row.version, row.hooks, row.offers, row.error) == (
            "1.2",
            ("conferencekit_register_stores",),
            ("store rack",),
            None,
        )

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ("import conferencekit_no_such_thing", "ModuleNotFoundError"),
            ("raise RuntimeError('bad day')", "RuntimeError: bad day"),
            (
                RACK.replace("register_stores", "register_stroes"),
                "did you mean conferencekit_register_stores?",
            ),
            (RACK.replace("(registry)", "(registry, colour)"), "Take the one argument"),
            (RACK.replace("registry.add", "registry.append"), "AttributeError"),
        ],
    )
    def test_a_broken_one_is_left_out_and_named(self, installed, source, words):
        """The others work; whoever asks gets the reason."""
        installed("conferencekit-broken", "broken = conferencekit_broken", source)
        installed("conferencekit-rack", "rack = conferencekit_rack", RACK)
        plugins = make_plugin_manager()
        assert open_store("rack:records", plugins)
        row = next(each for each in plugins.list_plugins() if each.name == "broken")
        assert words in row.error
        assert row.offers == row.hooks == ()
        with pytest.raises(errors.UnknownBackend, match="did not load: broken"):
            open_store("broken:records", plugins)

    @pytest.mark.parametrize("name", ["rack", "conferencekit-rack"])
    def test_one_can_be_disabled(self, installed, name):
        """By its name or its distribution's; asking for it says so."""
        installed("conferencekit-rack", "rack = conferencekit_rack", RACK)
        plugins = make_plugin_manager(disabled=[name])
        with pytest.raises(errors.UnknownBackend, match=r"rack \(disabled\)"):
            open_store("rack:records", plugins)
        assert next(each.error for each in plugins.list_plugins() if each.name == "rack") == "disabled"

    def test_two_distributions_with_one_name_are_refused(self, installed):
        """Both are named."""
        installed("conferencekit-rack", "rack = conferencekit_rack", RACK)
        installed("other-rack", "rack = other_rack", RACK)
        with pytest.raises(errors.DuplicateName, match="conferencekit-rack and other-rack"):
            make_plugin_manager()

    def test_one_that_is_given_as_well_counts_once(self, installed):
        """A host passes the module, and it is installed."""
        installed("conferencekit-rack", "rack = conferencekit_rack", RACK)
        import conferencekit_rack

        assert open_store("rack:x", make_plugin_manager(conferencekit_rack)) == ("rack", "rack:x")


class TestHookspecs:
    """The list of hooks keeps itself honest."""

    HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("conferencekit_"))

    def test_every_event_has_its_hook(self):
        """And every event hook an event."""
        events = {hook_name(each) for each in EVENTS}
        assert events == {name for name in self.HOOKS if "_register_" not in name}
        assert set(EVENTS) == set(Event.__subclasses__())

    @pytest.mark.parametrize("name", HOOKS)
    def test_every_hook_is_documented(self, name):
        """In its docstring and in the reference, with its argument."""
        from pathlib import Path

        page = (Path(__file__).parent.parent / "docs/reference/hooks.md").read_text(encoding="utf-8")
        argument = "registry" if "_register_" in name else "event"
        assert f"{name}({argument})" in page
        assert getattr(hookspecs, name).__doc__

    @pytest.mark.parametrize("event", EVENTS, ids=lambda each: each.__name__)
    def test_every_event_reaches_its_listener(self, event):
        """Each hook by its own name."""
        heard = []
        name = hook_name(event)
        body = {name: hookimpl(specname=name)(lambda self, event: heard.append(event))}
        listener = type("Any", (), body)()
        told = event.__new__(event)
        assert make_plugin_manager(listener, entry_points=False).announce(told) == ()
        assert heard == [told]
