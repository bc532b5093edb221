"""Calendars: invites to events, and the rules of iCalendar and iTIP that they keep."""

from __future__ import annotations

from .invite import Invite, event_uid
from .validate import validate
from .vtimezone import vtimezone
from .writing import invite_to_ical

__all__ = ["Invite", "event_uid", "invite_to_ical", "validate", "vtimezone"]
