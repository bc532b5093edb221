"""Deadlines: until when something is accepted, from whom, and how that is said."""

from .deadline import Deadline, DeadlineState, LateRule, Reminder
from .extension import Extension
from .relative import Relative

__all__ = ["Deadline", "DeadlineState", "Extension", "LateRule", "Relative", "Reminder"]
