"""The secretariat of a conference as a library.

Registration, deadlines, a programme across time zones, calendar invites, a call for input, and the declaration that is
compiled from it. The names here are what a host needs; they load at their first use. Errors are in
`conferencekit.errors`, what an adapter must do in `conferencekit.ports`, test suites in `conferencekit.testing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazy_names

if TYPE_CHECKING:
    from .conference import Conference
    from .deadline import Deadline
    from .document import conference_from_data, conference_to_data, load_conference
    from .errors import ConferenceKitError
    from .form.issues import Issue
    from .hookspecs import hookimpl
    from .moment import Moment
    from .plugins import make_plugin_manager
    from .registration.outcomes import AlreadyRegistered, Received, Refused, Registered, Waitlisted
    from .secretariat import Secretariat
    from .text import LocalizedText

_MODULES = {
    "AlreadyRegistered": ".registration.outcomes",
    "Conference": ".conference",
    "ConferenceKitError": ".errors",
    "Deadline": ".deadline",
    "Issue": ".form.issues",
    "LocalizedText": ".text",
    "Moment": ".moment",
    "Received": ".registration.outcomes",
    "Refused": ".registration.outcomes",
    "Registered": ".registration.outcomes",
    "Secretariat": ".secretariat",
    "Waitlisted": ".registration.outcomes",
    "conference_from_data": ".document",
    "conference_to_data": ".document",
    "hookimpl": ".hookspecs",
    "load_conference": ".document",
    "make_plugin_manager": ".plugins",
}

__all__ = [
    "AlreadyRegistered",
    "Conference",
    "ConferenceKitError",
    "Deadline",
    "Issue",
    "LocalizedText",
    "Moment",
    "Received",
    "Refused",
    "Registered",
    "Secretariat",
    "Waitlisted",
    "conference_from_data",
    "conference_to_data",
    "hookimpl",
    "load_conference",
    "make_plugin_manager",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
