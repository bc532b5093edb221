"""`deliver`: once, or until it is stopped."""

from __future__ import annotations

import argparse
import signal
from datetime import UTC, datetime

from ..document import load_conference
from ..errors import ConferenceKitError, ConferenceOutdated
from ..limits import PAGE
from ..secretariat import Secretariat
from ..secretariat.deliveries import Deliveries
from ..secretariat.plan import document_digest
from .opening import in_force, opened
from .output import Output
from .stopping import Stop, Stopped, stopping


def run_deliver(given: argparse.Namespace, output: Output) -> int:
    """Send what is due. Stops between two batches, so that nothing is sent and then forgotten."""
    total = Deliveries()
    with opened(given, output, sends=True) as secretariat, stopping() as stop:
        try:
            total = total.plus(_deliver(secretariat, stop, output))
            _report(total, output, always=not given.watch)
            stop.check()
            if not given.watch:
                _report_waiting(secretariat, output)
            while given.watch:
                stop.wait(given.interval)
                found = _look_again(secretariat, stop, given, output)
                _report(found, output)
                total = total.plus(found)
        except Stopped:
            output.note("Stopped between two mails. What is still owed goes out with the next delivery.")
    names = ("sent", "deferred", "failed", "held", "changed")
    output.result({name: getattr(total, name) for name in names})
    if stop.signal and not (given.watch and stop.signal == signal.SIGTERM):  # how a service is ended
        return 128 + stop.signal
    return 1 if total.failed or total.held else 0


def _deliver(secretariat: Secretariat, stop: Stop, output: Output) -> Deliveries:
    with output.progress("Delivering") as done:
        return secretariat.deliver(progress=done, stop=lambda: stop.signal != 0)


def _look_again(
    secretariat: Secretariat, stop: Stop, given: argparse.Namespace, output: Output
) -> Deliveries:
    """One more look of a watch: what goes wrong now may be right at the next one."""
    try:
        return _deliver(secretariat, stop, output)
    except ConferenceOutdated as error:
        if not _catch_up(secretariat, given):
            output.complain(f"{error} Mails that are owed already still go out.")
    except (ConferenceKitError, OSError) as error:
        output.complain(f"{error} It is tried again in {given.interval:g} s.")
    return Deliveries()


def _catch_up(secretariat: Secretariat, given: argparse.Namespace) -> bool:
    """Read the document again, if it is the one that somebody else has put in force."""
    conference = load_conference(given.conference)
    current = in_force(secretariat)
    if current is None or document_digest(conference) != current.body["digest"]:
        return False
    secretariat.reload(conference)
    return True


def _report(found: Deliveries, output: Output, *, always: bool = False) -> None:
    if found.tried or always:
        output.say(f"Sent {found.sent}, deferred {found.deferred}, failed {found.failed}, held {found.held}.")
    for why in found.failures:
        output.note(why)
    output.flush()


def _report_waiting(secretariat: Secretariat, output: Output) -> None:
    """What could not go now: deferred by a server, or in the hands of a delivery that runs or was killed."""
    page, more = secretariat.shell.store.find(
        secretariat.conference.id, "~notice", "state", "queued", limit=PAGE
    )
    if page:
        times = [datetime.fromisoformat(str(each.body["until"] or each.body["due"])) for each in page]
        # what is due already stands behind another mail to the same person, which is not
        now = secretariat.shell.context().now
        first = min((each for each in times if each > now), default=min(times)).astimezone(UTC)
        count = f"More than {PAGE} wait" if more else "1 waits" if len(page) == 1 else f"{len(page)} wait"
        output.say(
            f"{count} for a later delivery, from {first:%Y-%m-%d %H:%M:%S} UTC on: deferred, or in hand."
        )
