"""`python -m conferencekit_sqlalchemy views|upgrade URL`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing

from conferencekit.errors import ConferenceKitError

from .store import SQLAlchemyStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; 1 where it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m conferencekit_sqlalchemy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("views", "make the views for reports anew"),
        ("upgrade", "lay out the tables, or bring older ones to this version"),
    ):
        commands.add_parser(name, help=what).add_argument("url")
    given = parser.parse_args(arguments)
    try:
        with closing(SQLAlchemyStore(given.url)) as store:
            for line in _views(store) if given.command == "views" else _upgrade(store):
                sys.stdout.write(f"{line}\n")
    except ConferenceKitError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _views(store: SQLAlchemyStore) -> list[str]:
    store.conferences()
    return store.make_views()


def _upgrade(store: SQLAlchemyStore) -> list[str]:
    steps = store.pending()
    store.migrate()
    return steps or ["nothing is to be done"]


if __name__ == "__main__":
    raise SystemExit(main())
