"""The words of the command line: every command, its arguments and its help.

What a command does is loaded when it runs.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, cast

from ..errors import shown_url
from ..registration.registration import STATES
from . import calendar_arguments, demo_command, storage_arguments
from .failing import SITE_VARIABLE
from .option import (
    KEPT,
    Commands,
    add_command,
    add_document,
    add_json,
    add_out,
    add_store,
    later,
    path,
    published,
    reason,
    seconds,
)

SECRET_VARIABLE: Final = "CONFERENCEKIT_SECRET"  # noqa: S105 - the name of a variable, not a secret

_ABOUT: Final = """\
The secretariat of a conference: a text file says what is planned, a store beside it keeps what happened.
"""
_BEGIN: Final = """\
Begin with `conferencekit new gmc.toml`, proofread it with `conferencekit check gmc.toml`.
`conferencekit COMMAND --help` tells the rest. Everything lies beside the document: gmc.db is its store, gmc.outbox
has its mails as files, gmc.secret proves the links in them.
"""


_CHOICE: Final = re.compile(r"invalid choice: '([^']*)'")
_NOT_KNOWN: Final = re.compile(r"unrecognized arguments: (\S+)")


class _Format(argparse.RawDescriptionHelpFormatter):
    """Room for the longest command's name, and lines as they were broken."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)
        self._action_max_length = 18  # argparse forgets that commands are indented by two more


class _Parser(argparse.ArgumentParser):
    """Takes options by their whole name only, so that a new one never changes what an old line means.

    Options may stand before, between and behind arguments. What is not known is told by the command that it was given
    to, with the name that may be meant.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Format, **options, "allow_abbrev": False})
        self._is_within = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As `argparse` does it; an argument that may be left out may stand behind options, too."""
        if self._is_within or self.commands:
            return super().parse_known_args(args, namespace)
        self._is_within = True
        try:
            read = super().parse_known_args
            if any(each.nargs == argparse.OPTIONAL for each in self._get_positional_actions()):
                read = self.parse_known_intermixed_args
            found, others = read(args, namespace)
        finally:
            self._is_within = False
        if others:
            self.error(self._not_known(others[0]))
        return found, others

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and what may be meant."""
        if wrong := _CHOICE.search(message):
            message += self._meant_for(wrong[1])
        elif wrong := _NOT_KNOWN.search(message):
            message = self._not_known(wrong[1])
        super().error(message)

    @property
    def commands(self) -> Mapping[str, _Parser]:
        """The commands that it has, by name."""
        found = (each.choices for each in self._actions if each.nargs == argparse.PARSER)
        return cast("Mapping[str, _Parser]", next(found, None) or {})

    def _not_known(self, word: str) -> str:
        if not word.startswith("-"):
            takes = ", ".join(str(each.metavar) for each in self._get_positional_actions())
            return f"{shown_url(word)!r} is one argument more than it takes ({takes or 'none'}): options begin with --"
        name = word.partition("=")[0]
        if self.commands:
            return f"there is no option {name} here: most stand behind the command"
        options = [each.lstrip("-") for each in self._option_string_actions]
        return f"there is no option {name}{_hint(name.lstrip('-'), options, '--')}"

    def _meant_for(self, word: str) -> str:
        """What may be meant by a word that is no command here."""
        for name, each in self.commands.items():
            if word in each.commands:
                return f"; did you mean {name} {word}?"
        return _hint(word, self.commands)


def _hint(word: str, known: Iterable[str], prefix: str = "") -> str:
    from ..document.place import nearest  # noqa: PLC0415 - needed by whoever mistyped something

    near = nearest(word, known)
    return f"; did you mean {prefix}{near}?" if near else ""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog="conferencekit",
        description=_ABOUT,
        epilog=_BEGIN,
    )
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    top.add_argument("--version", action="store_true", help="print the version and stop")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for add in (
        _add_plan,
        _add_people,
        _add_mail,
        _add_input,
        _add_log,
        calendar_arguments.add_commands,
        storage_arguments.add_commands,
        _add_machine,
    ):
        add(commands)
    demo_command.add_commands(commands)
    for each in commands.choices.values():
        each.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
        )
    return top


# -- the plan


def _add_plan(commands: Commands) -> None:
    new = add_command(
        commands,
        "new",
        later("plan_commands", "run_new"),
        "write a new conference document; asks six questions",
        """It asks for the title, a contact, the time zone, when it starts and ends, and the last day to register, and
        writes a document with these. Everything else can be added with any editor.""",
    )
    new.add_argument(
        "conference", metavar="CONFERENCE", type=path, help="the file to write, such as gmc.toml"
    )
    new.set_defaults(when_stopped="Stopped; nothing was written.")

    check = add_command(
        commands,
        "check",
        later("plan_commands", "run_check"),
        "find what is wrong, or print a summary to proofread",
        """It lists everything that is wrong with the document, each with its place; or, if nothing is, what follows
        from it: all times in three zones, what closes when, and what may have been forgotten. No store is touched.""",
    )
    add_document(check)
    check.add_argument(
        "--zone",
        action="append",
        metavar="NAME",
        help="another time zone to show, by its IANA name (may be repeated)",
    )

    invitation = add_command(
        commands,
        "invitation",
        later("plan_commands", "run_invitation"),
        "print the formal invitation",
        "The letter is made from the document: as text, as a web page, or as a mail to send.",
    )
    add_document(invitation)
    invitation.add_argument("--format", choices=("text", "html", "eml"), default="text", help="default: text")
    invitation.add_argument(
        "--locale", metavar="TAG", help="its language (default: the first of the conference)"
    )
    invitation.add_argument("--to", metavar="MAILBOX", help="whom it is for: 'Name <address>'")
    add_out(invitation, "the letter")


# -- people


def _add_people(commands: Commands) -> None:
    imported = add_command(
        commands,
        "import",
        later("people_commands", "run_import"),
        "take registrations from a CSV file",
        """The first line has the labels of the form's questions, in any language; the export of the WordPress plugin
        "User Registration" is read as it is. Every row goes through the same form and rules as a registration on the
        website. Importing a file again enters nothing twice. The exit code is 1 if a row was refused.""",
    )
    add_store(imported)
    imported.add_argument("file", metavar="FILE.csv", type=path, help="the file; - reads standard input")
    imported.add_argument(
        "--late",
        metavar="REASON",
        type=reason,
        help="take what came after the deadline too, for this reason, which the log keeps",
    )
    imported.set_defaults(when_stopped=KEPT)

    people = add_command(
        commands,
        "registrations",
        later("people_commands", "run_registrations"),
        "list who registered",
        "A table for people, or all answers as CSV for a spreadsheet, or in another format that a plugin offers.",
    )
    add_store(people, json=False)
    shape = people.add_mutually_exclusive_group()
    shape.add_argument(
        "--csv", dest="format", action="store_const", const="csv", help="print all answers as CSV"
    )
    shape.add_argument(
        "--format", metavar="NAME", help="print them in this format (see `conferencekit plugins`)"
    )
    shape.add_argument("--json", action="store_true", help="print the result as JSON")
    add_out(people, "all answers, as CSV or in that format,")
    people.add_argument(
        "--state",
        metavar="STATE",
        action="append",
        choices=STATES,
        help=f"only those in this state (may be repeated): {', '.join(STATES)}",
    )


# -- mail


def _add_mail(commands: Commands) -> None:
    deliver = add_command(
        commands,
        "deliver",
        later("mail_commands", "run_deliver"),
        "send the mails that are owed",
        """It sends everything that is due and returns; with --watch it goes on. Run it from cron, or as a service. What
        could not be sent is tried again later. The exit code is 1 if a mail failed for good or waits for a person.""",
    )
    add_store(deliver)
    deliver.add_argument(
        "--mailer",
        metavar="URL",
        help="smtp://HOST for a server, or maildir:DIR for files (default: the folder CONFERENCE.outbox)",
    )
    deliver.add_argument(
        "--site",
        metavar="URL",
        help=f"where links in mails lead: the host's address (or ${SITE_VARIABLE}; default: website in the document)",
    )
    deliver.add_argument(
        "--secret-file",
        metavar="FILE",
        type=path,
        help=f"what proves the links; the host has the same (default: CONFERENCE.secret, or ${SECRET_VARIABLE})",
    )
    deliver.add_argument("--watch", action="store_true", help="go on until stopped (Ctrl-C or SIGTERM)")
    deliver.add_argument(
        "--interval",
        metavar="SECONDS",
        type=seconds,
        default=10.0,
        help="pause between two looks of --watch (default: 10)",
    )
    deliver.set_defaults(
        when_stopped="Stopped. The mails in hand go out with the next delivery, after five minutes."
    )


# -- input and what comes of it


def _add_input(commands: Commands) -> None:
    contributions = add_command(
        commands,
        "contributions",
        later("input_commands", "run_contributions"),
        "list what was contributed",
        "What was submitted and not withdrawn: the numbers that clauses cite, from whom, and what they agreed to.",
    )
    add_store(contributions)
    contributions.add_argument(
        "--receipts",
        metavar="DIR",
        type=path,
        help="write a receipt for each sealed contribution there, to hand out",
    )

    declaration = add_command(
        commands,
        "declaration",
        later("input_commands", "run_declaration"),
        "compile the declaration from a text of clauses",
        """Each citation is looked up and each quotation must be found in its source, word for word; where one is not,
        nothing is written, and the nearest passage is shown.""",
    )
    add_store(declaration)
    declaration.add_argument("clauses", metavar="CLAUSES.md", type=path, help="the text of clauses")
    add_out(declaration, "the declaration (Markdown)")
    _add_good_practices(commands)


def _add_good_practices(commands: Commands) -> None:
    practices = add_command(
        commands,
        "good-practices",
        later("input_commands", "run_good_practices"),
        "publish the good practices, and tell everybody",
        "Writes a folder with a page, its files and credits, of those contributions whose authors agreed to it.",
    )
    add_store(practices)
    practices.add_argument(
        "--out",
        metavar="DIR",
        type=path,
        required=True,
        help="the folder to write; it is replaced as a whole",
    )
    practices.add_argument(
        "--tell", action="store_true", help="and owe a mail about it to everybody registered"
    )
    practices.add_argument(
        "--files", metavar="URL", help="where uploaded files are (default: the folder beside the store)"
    )


# -- the log


def _add_log(commands: Commands) -> None:
    add_store(
        add_command(
            commands,
            "seal",
            later("log_commands", "run_seal"),
            "seal the log and print what to publish",
            """Everything that happened since the last seal goes under one digest. Publish the line that it prints: then
            nobody, the organisers included, can change what is sealed without being found out.""",
        )
    )
    verify = add_command(
        commands,
        "verify",
        later("log_commands", "run_verify"),
        "check that nothing in the sealed log was changed",
        "The exit code is 1 if anything does not verify. A receipt is checked without the store.",
    )
    add_store(verify)
    verify.add_argument(
        "--published",
        action="append",
        metavar="N=CHAIN",
        type=published,
        default=[],
        help="what was published for seal N, as `seal` printed it (may be repeated)",
    )
    verify.add_argument(
        "--receipt", metavar="FILE", type=path, help="check one receipt (JSON) instead of the log"
    )


# -- the machine


def _add_machine(commands: Commands) -> None:
    tz = commands.add_parser("tz", help="time zone data", description="Time zone data.")
    of_tz = tz.add_subparsers(dest="tz_command", metavar="COMMAND", title="commands", required=True)
    check = add_command(
        of_tz,
        "check",
        later("plan_commands", "run_tz_check"),
        "list the stored times that a change of zone rules has moved",
        """Governments change their clocks. After an update of pytz, this lists the sessions whose wall time is another
        instant than when people were told. The exit code is 1 if there are any.""",
    )
    add_store(check)
    plugins = add_command(
        commands,
        "plugins",
        later("plan_commands", "run_plugins"),
        "list the plugins, what they offer, and what is wrong with them",
        "The exit code is 1 if one is broken.",
    )
    add_json(plugins)
