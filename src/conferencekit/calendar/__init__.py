"""Calendars: invites, feeds, replies and imports, by the rules of iCalendar and iTIP.

The names here are what a program needs that keeps its own sessions and people; they are pure functions and load at
their first use. A host with a store calls `secretariat.calendar` and `secretariat.attendance` instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..lazy import lazy_names

# Two functions have the names of their modules. They are here from the start: a module that is imported later would
# take its name in this package.
from .validate import validate
from .vtimezone import vtimezone

if TYPE_CHECKING:
    from .countering import decline_counter
    from .feed import Feed, FeedCache, feed_to_ical, make_feed
    from .feed_events import known_sessions
    from .importing import Imported, read_calendar
    from .incoming import Mail, read_mail
    from .invite import CalendarEvent, Invite, event_uid
    from .judging import (
        Answered,
        Judge,
        Judged,
        Outdated,
        Proposed,
        Repeated,
        Stranger,
        Suspicious,
        Unread,
        Verdict,
    )
    from .links import AddLinks, SubscribeLinks, add_links, session_file, subscribe_links
    from .planning import Invitee, InviteMessage, InvitePlan, PlanOptions, mark_sent, plan_invites
    from .replies import NoReply, Reply, read_replies
    from .serving import FeedAnswer, answer_feed
    from .told import Told, attendance_now, renamed
    from .writing import event_to_ical, invite_to_ical

_MODULES: Final = {
    "AddLinks": ".links",
    "Answered": ".judging",
    "CalendarEvent": ".invite",
    "Feed": ".feed",
    "FeedAnswer": ".serving",
    "FeedCache": ".feed",
    "Imported": ".importing",
    "Invite": ".invite",
    "InviteMessage": ".planning",
    "InvitePlan": ".planning",
    "Invitee": ".planning",
    "Judge": ".judging",
    "Judged": ".judging",
    "Mail": ".incoming",
    "NoReply": ".replies",
    "Outdated": ".judging",
    "PlanOptions": ".planning",
    "Proposed": ".judging",
    "Repeated": ".judging",
    "Reply": ".replies",
    "Stranger": ".judging",
    "SubscribeLinks": ".links",
    "Suspicious": ".judging",
    "Told": ".told",
    "Unread": ".judging",
    "Verdict": ".judging",
    "add_links": ".links",
    "answer_feed": ".serving",
    "attendance_now": ".told",
    "decline_counter": ".countering",
    "event_to_ical": ".writing",
    "event_uid": ".invite",
    "feed_to_ical": ".feed",
    "invite_to_ical": ".writing",
    "known_sessions": ".feed_events",
    "make_feed": ".feed",
    "mark_sent": ".planning",
    "plan_invites": ".planning",
    "read_calendar": ".importing",
    "read_mail": ".incoming",
    "read_replies": ".replies",
    "renamed": ".told",
    "session_file": ".links",
    "subscribe_links": ".links",
}

__all__ = [
    "AddLinks",
    "Answered",
    "CalendarEvent",
    "Feed",
    "FeedAnswer",
    "FeedCache",
    "Imported",
    "Invite",
    "InviteMessage",
    "InvitePlan",
    "Invitee",
    "Judge",
    "Judged",
    "Mail",
    "NoReply",
    "Outdated",
    "PlanOptions",
    "Proposed",
    "Repeated",
    "Reply",
    "Stranger",
    "SubscribeLinks",
    "Suspicious",
    "Told",
    "Unread",
    "Verdict",
    "add_links",
    "answer_feed",
    "attendance_now",
    "decline_counter",
    "event_to_ical",
    "event_uid",
    "feed_to_ical",
    "invite_to_ical",
    "known_sessions",
    "make_feed",
    "mark_sent",
    "plan_invites",
    "read_calendar",
    "read_mail",
    "read_replies",
    "renamed",
    "session_file",
    "subscribe_links",
    "validate",
    "vtimezone",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
