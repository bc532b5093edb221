"""The words of `conferencekit calendar`: its commands and their arguments."""

from __future__ import annotations

import argparse
import textwrap
from argparse import ArgumentParser
from datetime import date

from ..errors import InvalidAddress, shown_url
from ..mailbox import parse_mailbox
from .failing import SITE_VARIABLE
from .option import (
    KEPT,
    Commands,
    add_command,
    add_json,
    add_out,
    add_store,
    count,
    later,
    path,
    reason,
)


def add_commands(commands: Commands) -> None:
    """`conferencekit calendar ...`."""
    about = (
        "Calendars: invites and their changes, feeds, replies. With --people a list of people is invited, and what "
        "they were told is kept beside the document; without it, those who registered in the conference's store."
    )
    calendar = commands.add_parser(
        "calendar", help="plan and send invites and their changes", description=textwrap.fill(about, 78)
    )
    each = calendar.add_subparsers(
        dest="calendar_command", metavar="COMMAND", title="commands", required=True
    )
    for add in (_add_plan, _add_send, _add_cancel, _add_feed, _add_replies, _add_attendance, _add_import):
        add(each)


def _add_plan(commands: Commands) -> None:
    plan = add_command(
        commands,
        "plan",
        later("calendar_commands", "run_plan"),
        "say what calendars would be told",
        """Who is new, what moved, what is off, who is not invited any more. Nothing is written or sent. The exit code
        is 1 if something has to be answered first.""",
    )
    _add_common(plan)
    _add_reinstate(plan)
    plan.add_argument(
        "--again",
        action="store_true",
        help="count those too who would get once more what they were told last",
    )


def _add_send(commands: Commands) -> None:
    send = add_command(
        commands,
        "send",
        later("calendar_commands", "run_send"),
        "send invites and their changes",
        """It does what `calendar plan` says, and nothing twice: run again, it sends what did not leave. With --people
        say where to: --out or --smtp. Without, the document is put in force and the conference's mailer delivers.""",
    )
    _add_common(send)
    _add_reinstate(send)
    _add_sending(send)
    send.add_argument(
        "--site", metavar="URL", help=f"where the links in mails lead (default: ${SITE_VARIABLE})"
    )
    send.add_argument(
        "--mailer", metavar="URL", help="without --people: the mailer (default: CONFERENCE.outbox)"
    )
    send.add_argument(
        "--reason",
        metavar="TEXT",
        dest="why",
        type=reason,
        help="without --people: why the document changed; whoever is told of it reads it",
    )
    send.add_argument(
        "--again", action="store_true", help="send everybody once more, unchanged, what they were told last"
    )
    send.add_argument(
        "--state-lost",
        action="store_true",
        help="what was told is lost: send it all, as newer than whatever was sent before",
    )
    send.set_defaults(when_stopped=KEPT)


def _add_cancel(commands: Commands) -> None:
    cancel = add_command(
        commands,
        "cancel",
        later("calendar_commands", "run_cancel"),
        "call a session off, or all of them, and tell everybody who was invited",
        """Where the conference has a store, write status = "cancelled" into the document instead, and send.""",
    )
    _add_common(cancel)
    cancel.add_argument(
        "session", metavar="SESSION", nargs="?", help="the id of the session (default: all of them)"
    )
    cancel.add_argument(
        "--reason", metavar="TEXT", type=reason, required=True, help="why; people are told, and it is kept"
    )
    _add_sending(cancel)
    cancel.set_defaults(when_stopped=KEPT)


def _add_replies(commands: Commands) -> None:
    replies = add_command(
        commands,
        "replies",
        later("calendar_replies", "run_replies"),
        "read what people's calendars answered",
        """From mails: a file (.eml, .ics, mbox), a folder of them, a Maildir, or a folder on an IMAP server, which
        stays as it is. It says what changes; --apply keeps it. What is not certainly from an invited person changes
        nothing and is listed.""",
    )
    add_store(replies)
    replies.add_argument(
        "place", metavar="PLACE", type=_place, help="a file, a folder, or imaps://USER@HOST/FOLDER"
    )
    replies.add_argument("--apply", action="store_true", help="keep the answers that count")
    _add_known(replies)
    replies.add_argument(
        "--counters",
        metavar="DIR",
        type=path,
        help="write an answer to each proposal of another time, which declines it, as .ics and .eml to send by hand",
    )
    replies.add_argument(
        "--comment",
        metavar="TEXT",
        type=reason,
        default="The time stays as it was announced.",
        help="what those answers say (default: the time stays as it was announced)",
    )
    replies.add_argument(
        "--password-file",
        metavar="FILE",
        type=path,
        help="the password of the mailbox (default: $CONFERENCEKIT_IMAP_PASSWORD)",
    )
    replies.add_argument(
        "--after", metavar="CURSOR", help="of an IMAP folder, only what came after an earlier reading"
    )
    replies.add_argument(
        "--mark-read",
        action="store_true",
        help="mark mails with calendars in them as read on the IMAP server, which is left as it is otherwise",
    )
    replies.set_defaults(when_stopped=KEPT)


def _add_attendance(commands: Commands) -> None:
    attendance = add_command(
        commands,
        "attendance",
        later("calendar_replies", "run_attendance"),
        "say who comes, by what their calendars answered",
        """For each event, how many accepted, declined, or have not answered what they were told last. The replies are
        those that `calendar replies --apply` has kept.""",
    )
    add_store(attendance)
    _add_known(attendance)
    add_out(attendance, "the list of everybody, as CSV,")


def _add_known(command: ArgumentParser) -> None:
    command.add_argument(
        "--people", metavar="FILE.csv", type=path, help="the people who were invited, for their names"
    )
    _add_secret(command)


def _add_secret(command: ArgumentParser) -> None:
    command.add_argument(
        "--secret-file", metavar="FILE", type=path, help="the secret (default: CONFERENCE.secret)"
    )


def _add_import(commands: Commands) -> None:
    imported = add_command(
        commands,
        "import",
        later("calendar_import", "run_import"),
        "read another calendar's events as sessions",
        """It prints the sessions, everything that had to be repaired, and what only you can know. --out writes them as
        a document, or with --into at the end of a copy of yours; name your document in both to extend it. The exit
        code is 1 if a question is open, and then nothing is written.""",
    )
    imported.add_argument("file", metavar="FILE.ics", type=path, help="the calendar; - reads standard input")
    imported.add_argument(
        "--zone", metavar="NAME", help="the time zone of times that have none, by its IANA name"
    )
    imported.add_argument(
        "--until",
        metavar="DATE",
        type=_day,
        help="the last day of a series that has no end, or too many dates",
    )
    imported.add_argument(
        "--leave-out",
        metavar="UID",
        action="append",
        default=[],
        help="an event that is not wanted (may be repeated)",
    )
    imported.add_argument(
        "--locale", metavar="TAG", help="the language of its texts (default: the document's first, or en)"
    )
    imported.add_argument(
        "--into",
        metavar="CONFERENCE.toml",
        type=path,
        help="the document that they are for: what it has already is not taken again",
    )
    add_out(imported, "the document")
    add_json(imported)
    imported.set_defaults(when_stopped="Stopped; nothing was written.")


def _add_common(command: ArgumentParser) -> None:
    add_store(command)
    command.add_argument(
        "--people",
        metavar="FILE.csv",
        type=path,
        help="who is invited: a column email; name, locale, state and sessions may be there",
    )
    command.add_argument(
        "--from",
        dest="sender",
        metavar="MAILBOX",
        type=_mailbox,
        help="who the mails are from (default: the organizer)",
    )
    _add_secret(command)
    command.add_argument(
        "--renamed",
        metavar="OLD=NEW",
        type=_renaming,
        action="append",
        help="a session has another id now and stays the same event (may be repeated)",
    )
    command.add_argument(
        "--gone",
        metavar="SESSION",
        action="append",
        help="a session that is not in the document any more is off (may be repeated)",
    )
    command.add_argument("--reworded", action="store_true", help="tell people of changes in words only, too")
    command.add_argument("--past", action="store_true", help="also what is over")
    # not every command has these
    command.set_defaults(again=False, state_lost=False, reinstate=[])


def _add_reinstate(command: ArgumentParser) -> None:
    command.add_argument(
        "--reinstate",
        metavar="SESSION",
        action="append",
        help="a session that `calendar cancel` called off takes place after all (may be repeated)",
    )


def _add_sending(command: ArgumentParser) -> None:
    where = command.add_mutually_exclusive_group()
    where.add_argument(
        "--out", metavar="DIR", type=path, help="write each message as an .ics and an .eml, to send by hand"
    )
    where.add_argument(
        "--smtp", metavar="URL", type=_server, help="send by this server: smtp://user@host:587"
    )
    command.add_argument(
        "--password-file",
        metavar="FILE",
        type=path,
        help="the password of the user of --smtp (default: $CONFERENCEKIT_SMTP_PASSWORD)",
    )
    command.add_argument("--rate", metavar="N", type=count, help="by SMTP, at most so many messages a minute")
    command.add_argument(
        "--only", metavar="EMAIL", type=_address, help="only to this person of the list, on trial"
    )


def _place(text: str) -> str:
    """A path or a URL."""
    return str(path(text)) if "://" not in text else text


def _mailbox(text: str) -> str:
    try:
        parse_mailbox(text)
    except InvalidAddress as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _server(text: str) -> str:
    """The URL of a mailer. A bare name of a host, or `host:port`, is none."""
    scheme, colon, rest = text.partition(":")
    if not colon or "." in scheme or rest.isdigit():
        raise argparse.ArgumentTypeError(
            f"{shown_url(text)!r} is no address of a mail server: write smtp://user@mail.example.org:587"
        )
    return text


def _address(text: str) -> str:
    try:
        return parse_mailbox(text).address
    except InvalidAddress as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2027-05-20") from None


def _renaming(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"{text!r} is not OLD=NEW, two ids of a session")
    return old, new


def _add_feed(commands: Commands) -> None:
    feed = add_command(
        commands,
        "feed",
        later("calendar_feed", "run_feed"),
        "write a calendar to subscribe to",
        """Put the file on a web server, and write it again when the programme changes. It has every session as an event
        of its own, without the links to take part. It goes by what invites said, whether there is a store or a list of
        people; nobody has to be invited for it.""",
    )
    add_store(feed)
    add_out(feed, "the feed")
    which = feed.add_mutually_exclusive_group()
    which.add_argument("--track", metavar="NAME", help="only the sessions of this track")
    which.add_argument("--room", metavar="NAME", help="only the sessions in this room")
    which.add_argument(
        "--deadlines", action="store_true", help="when registration and the call close instead"
    )
    feed.add_argument("--locale", metavar="TAG", help="its language (default: the first of the conference)")
    feed.add_argument("--url", metavar="URL", default="", help="the address at which it will lie")
    feed.add_argument("--color", metavar="NAME", default="", help="the colour that it has, by its CSS name")
