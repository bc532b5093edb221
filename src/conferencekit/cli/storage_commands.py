"""Commands about stores themselves, whatever conferences they keep: audit, copy, backup, restore, migrate."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, cast

from ..adapters.dump_file import DumpFile, dump_lines
from ..errors import InvalidText, NotFound, StoreUnavailable
from ..plugins import open_store
from ..ports import Auditable, Discrepancy, Dumpable, Migratable
from ..secretariat.log_audit import audit_log
from ..store.audit import AuditedStore, audit
from ..store.copying import copy_conference
from .files import check_writable, write_file
from .output import Output
from .plugging import installed_plugins
from .store_place import SQLITE, require_file, url_of

_MIGRATED: Final = "Done. Hosts of this version can open it now; older ones cannot any more."
_TO_MIGRATE: Final = "Nothing was done. Make a backup, stop the hosts, and give the command again with --yes."
_NOT_YET: Final = "not done yet; `conferencekit storage migrate` does it"
_UNABLE: Final = "it cannot tell all its rows: its class would need dump() and restore(), see ports.Dumpable"


def run_audit(given: argparse.Namespace, output: Output) -> int:
    """Compute every table again from the records, and the log's digests, and report what differs."""
    found: dict[str, list[Discrepancy]] = {}
    with _opened(given.url) as store, output.progress("Auditing") as tick:
        damaged = list(store.faults(None)) if isinstance(store, Auditable) else []
        for conference in _chosen(store, given.only):
            found[conference] = list(audit(store, conference, progress=tick))
            try:
                found[conference] += audit_log(store, conference)
            except StoreUnavailable:
                if not found[conference]:
                    raise  # else it was said already which rows cannot be read
    is_damaged = bool(damaged) or any(found.values())
    for each in damaged:
        output.say(str(each))
    for conference, several in found.items():
        output.say(f"{conference}: {len(several)} differences" if several else f"{conference}: all is well")
        for each in several:
            output.say(f"  {each}")
    if not found:
        output.say("The store keeps no conference yet.")
    say_which_sqlite(given.url, output)
    whole = [{"conference": None, "differences": _plain(damaged)}] if damaged else []
    told = [{"conference": name, "differences": _plain(several)} for name, several in found.items()]
    output.result([*whole, *told])
    if is_damaged:
        output.complain(
            "The store is damaged, or was written to meanwhile. Stop its hosts and audit it again."
        )
    return int(is_damaged)


def say_which_sqlite(url: str, output: Output) -> None:
    """For a store in an SQLite file: the version that is linked, and what is wrong with it."""
    if url_of(url, SQLITE).startswith(SQLITE):
        from ..adapters.sqlite_driver import caveat, sqlite3  # noqa: PLC0415 - only where there is such a store

        output.say(str(caveat() or f"SQLite {sqlite3.sqlite_version} is linked."))


def _plain(found: list[Discrepancy]) -> list[dict[str, str]]:
    return [{"where": each.where, "found": each.found, "expected": each.expected} for each in found]


def run_copy(given: argparse.Namespace, output: Output) -> int:
    """Copy conferences from one store to another. It goes on where an earlier copy stopped."""
    with _opened(given.source) as source, _opened(given.target, new=True) as target:
        return _copy(source, target, given, output)


def run_restore(given: argparse.Namespace, output: Output) -> int:
    """Put a backup into a store."""
    backup = DumpFile(given.file)
    backup.conferences()  # the whole file is checked before anything is written
    with _opened(given.url, new=True) as target:
        return _copy(backup, target, given, output)


def _copy(source: Dumpable, target: Dumpable, given: argparse.Namespace, output: Output) -> int:
    with output.progress("Copying rows") as tick:
        chosen = _chosen(source, given.only)
        done = [copy_conference(source, target, conference, progress=tick) for conference in chosen]
    for each in done:
        output.say(f"{each.conference}: wrote {each.written} rows. Both have the digest {each.digest}")
    if not done:
        output.say("There is no conference to copy.")
    output.result([{"conference": e.conference, "written": e.written, "digest": e.digest} for e in done])
    return 0


def run_backup(given: argparse.Namespace, output: Output) -> int:
    """Write everything that a store keeps to one text file, readable by its owner only."""
    _check_replaced(given.file)
    check_writable(given.file)
    with _opened(given.url) as store, output.progress("Writing rows") as tick:
        write_file(given.file, dump_lines(store, progress=tick), private=True)
    names = DumpFile(given.file).conferences()  # reads it all again
    output.say(f"Wrote {given.file}: {', '.join(names) or 'no conference'}. It holds personal data.")
    output.result({"file": str(given.file), "conferences": names})
    return 0


def _check_replaced(path: Path) -> None:
    """A backup may take the place of an earlier one, of nothing else: not of a store, nor of a picture."""
    if path.is_file() and path.stat().st_size and not DumpFile(path).is_backup():
        raise InvalidText(
            str(path), "What stands there is no backup, and is not replaced: name another file."
        )


def run_migrate(given: argparse.Namespace, output: Output) -> int:
    """Say what a migration would do; with --yes do it."""
    url = _url_of_existing(given.url)
    with closing(open_store(url, installed_plugins())) as store:
        steps = store.pending() if isinstance(store, Migratable) else []
        for step in steps:
            output.say(step)
        if isinstance(store, Migratable) and steps and given.yes:
            store.migrate()
    output.say(_MIGRATED if steps and given.yes else _TO_MIGRATE if steps else "Nothing is to be done.")
    output.result({"steps": steps, "done": bool(steps) and given.yes})
    return 0


def _chosen(store: Dumpable, only: list[str]) -> list[str]:
    names = store.conferences()
    for name in only:
        if name not in names:
            raise NotFound("conference", name)
    return only or names


@contextmanager
def _opened(given: str, *, new: bool = False) -> Iterator[AuditedStore]:
    """The store at a URL or path. Only with `new` may a file or tables be made."""
    url = url_of(given, SQLITE) if new else _url_of_existing(given)
    with closing(open_store(url, installed_plugins())) as store:
        if not isinstance(store, Dumpable):
            raise StoreUnavailable(url, _UNABLE)
        if not new and isinstance(store, Migratable) and (steps := store.pending()):
            raise StoreUnavailable(url, f"{'; '.join(steps)}: {_NOT_YET}")
        yield cast("AuditedStore", store)


def _url_of_existing(given: str) -> str:
    url = url_of(given, SQLITE)
    require_file(url, "name the store by its path or URL")
    if url.startswith(SQLITE):
        _check_file(Path(url.removeprefix(SQLITE).partition("?")[0]), url)
    return url


def _check_file(path: Path, url: str) -> None:
    """What is no store, and what somebody may have meant by it."""
    if path.is_file() and not path.stat().st_size:
        raise StoreUnavailable(url, "it is an empty file, and no store; restore a backup, or name another")
    if path.is_file() and DumpFile(path).is_backup():
        raise InvalidText(
            str(path), "It is a backup: `conferencekit storage restore FILE STORE` makes a store of it."
        )
