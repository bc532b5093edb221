"""The words of `conferencekit storage`: its commands and their arguments."""

from __future__ import annotations

import textwrap
from argparse import ArgumentParser

from .option import KEPT, Commands, add_command, add_json, count, later, path, store_name


def add_commands(commands: Commands) -> None:
    """`conferencekit storage ...`."""
    about = "Stores themselves, whatever conferences they keep. A store is named by its URL or the path of its file."
    storage = commands.add_parser(
        "storage", help="audit, copy and back up stores", description=textwrap.fill(about, 78)
    )
    each = storage.add_subparsers(dest="storage_command", metavar="COMMAND", title="commands", required=True)
    for add in (_add_check, _add_audit, _add_copy, _add_backup, _add_restore, _add_migrate):
        add_json(add(each))


def _add_check(commands: Commands) -> ArgumentParser:
    check = add_command(
        commands,
        "check",
        later("storage_check", "run_check"),
        "run the whole contract of stores against a store, and report what was proven",
        """For authors of stores. In the URL, {tmp} stands for a new folder, {name} for a new name (of a schema, say):
        every test needs an empty store. Never name a store that is in use. The exit code is 1 if a test fails.""",
    )
    _add_url(check, "the store, with {tmp} or {name} in its URL")
    check.add_argument(
        "--plugin",
        action="append",
        metavar="MODULE",
        default=[],
        help="a module that registers the store, where no installed distribution does (may be repeated)",
    )
    check.add_argument(
        "--kills",
        metavar="N",
        type=count,
        default=40,
        help="how often to kill -9 a working process (default: 40)",
    )
    check.add_argument("--report", metavar="FILE", type=path, help="write the report as a web page")
    return check


def _add_audit(commands: Commands) -> ArgumentParser:
    audit = add_command(
        commands,
        "audit",
        later("storage_commands", "run_audit"),
        "compute every table again from the records, and report what differs",
        """Counters, unique values, indexes, the outbox and the digests of the log. Let nobody write meanwhile. The exit
        code is 1 if anything differs.""",
    )
    _add_url(audit, "the store")
    _add_only(audit)
    return audit


def _add_copy(commands: Commands) -> ArgumentParser:
    copy = add_command(
        commands,
        "copy",
        later("storage_commands", "run_copy"),
        "copy conferences from one store to another",
        """Both are compared by a digest afterwards. Only what differs is written, so the same command goes on where it
        was stopped. Stop whatever writes to either of them.""",
    )
    copy.add_argument("source", metavar="SOURCE", type=store_name, help="the store to read")
    copy.add_argument(
        "target", metavar="TARGET", type=store_name, help="the store to write; a file may be new"
    )
    _add_only(copy)
    copy.set_defaults(when_stopped=KEPT)
    return copy


def _add_backup(commands: Commands) -> ArgumentParser:
    backup = add_command(
        commands,
        "backup",
        later("storage_commands", "run_backup"),
        "write everything that a store keeps to one text file",
        """Each conference as it is at one moment, also while hosts go on. The file is complete or not there at all, and
        can be read by its owner only: it holds personal data. Uploaded files are not in it.""",
    )
    _add_url(backup, "the store")
    backup.add_argument("file", metavar="FILE", type=path, help="the file to write")
    return backup


def _add_restore(commands: Commands) -> ArgumentParser:
    restore = add_command(
        commands,
        "restore",
        later("storage_commands", "run_restore"),
        "put a backup into a store",
        "The whole file is checked first. A store that holds another history of a conference is not touched.",
    )
    restore.add_argument("file", metavar="FILE", type=path, help="the backup")
    _add_url(restore, "the store to write; a file may be new")
    _add_only(restore)
    restore.set_defaults(when_stopped=KEPT)
    return restore


def _add_migrate(commands: Commands) -> ArgumentParser:
    migrate = add_command(
        commands,
        "migrate",
        later("storage_commands", "run_migrate"),
        "bring a store of an older version to the layout of this one",
        "It says what would be done. With --yes it does it: make a backup and stop the hosts before.",
    )
    _add_url(migrate, "the store")
    migrate.add_argument("--yes", action="store_true", help="do it")
    return migrate


def _add_url(command: ArgumentParser, what: str) -> None:
    command.add_argument("url", metavar="STORE", type=store_name, help=what)


def _add_only(command: ArgumentParser) -> None:
    command.add_argument(
        "--only",
        action="append",
        metavar="ID",
        default=[],
        help="only the conference with this id (may be repeated)",
    )
