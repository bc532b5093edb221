"""The organiser's command line: `conferencekit COMMAND ...`."""

from __future__ import annotations

import argparse
import signal
import traceback
import warnings
from collections.abc import Sequence

from ..errors import ConferenceKitError, OldSQLite
from .arguments import parser
from .failing import explain
from .output import Output

__all__ = ["main", "parser"]

DONE, COULD_NOT, WRONG_USAGE = 0, 1, 2
STOPPED = 128 + signal.SIGINT
BROKEN_PIPE = 128 + 13  # SIGPIPE, which Windows does not have


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done, 1 it could not be done, 2 wrong usage, 130 stopped by Ctrl-C.

    Wrong usage leaves by `SystemExit`, as `argparse` does it.
    """
    top = parser()
    given = top.parse_args(argv)
    output = Output(as_json=getattr(given, "json", False))
    if given.version:
        given.run = _print_version
    elif not given.command:
        given.run = _print_help
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OldSQLite)  # `storage check` and `storage audit` say it
            code: int = given.run(given, output)
        output.flush()
    except BaseException as error:  # noqa: BLE001 - the one place where errors become exit codes
        code = _failed(error, given, output)
    output.leave()
    return code


def _failed(error: BaseException, given: argparse.Namespace, output: Output) -> int:
    """Say what went wrong, in one message without a traceback (with one under `--debug`); the exit code."""
    if isinstance(error, BrokenPipeError) and error.filename is None:
        return BROKEN_PIPE  # whoever read the output has enough
    if isinstance(error, SystemExit | GeneratorExit):
        raise error
    if given.debug:
        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt):
        output.complain(getattr(given, "when_stopped", "Stopped."))
        return STOPPED
    if isinstance(error, ConferenceKitError | OSError):
        output.complain(explain(error, given))
    else:
        kind = type(error).__name__
        output.complain(
            f"This is a bug in conferencekit or a plugin: {kind}: {error}. Add --debug to see where."
        )
    return COULD_NOT


def _print_version(given: argparse.Namespace, output: Output) -> int:  # noqa: ARG001 - all commands are called alike
    from importlib.metadata import version  # noqa: PLC0415 - takes as long as everything else here

    output.say(f"conferencekit {version('conferencekit')}")
    return DONE


def _print_help(given: argparse.Namespace, output: Output) -> int:  # noqa: ARG001 - see above
    output.say(parser().format_help().rstrip())
    return WRONG_USAGE
