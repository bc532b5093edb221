"""What objects do around a fork: a child must not use what its parent has open, nor wait for threads left behind."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def watch_forks(
    owner: T,
    *,
    in_child: Callable[[T], object],
    before: Callable[[T], object] | None = None,
    in_parent: Callable[[T], object] | None = None,
) -> None:
    """Call these with the object at each fork of this process, for as long as somebody keeps it.

    `before` in the parent, then `in_parent` and `in_child`. Where there is no fork, nothing is called.
    """
    if not hasattr(os, "register_at_fork"):
        return
    reference = weakref.ref(owner)

    def tell(what: Callable[[T], object] | None) -> Callable[[], None]:
        def hook() -> None:
            if what is not None and (alive := reference()) is not None:
                what(alive)

        return hook

    os.register_at_fork(before=tell(before), after_in_parent=tell(in_parent), after_in_child=tell(in_child))
