"""The plugins of the command line: those that are installed, but for the ones that its user disabled."""

from __future__ import annotations

import os
from typing import Final

from ..plugins import Plugins, make_plugin_manager

DISABLED_VARIABLE: Final = "CONFERENCEKIT_DISABLED_PLUGINS"


def disabled_plugins() -> tuple[str, ...]:
    """The names of plugins or distributions to leave out."""
    return tuple(filter(None, map(str.strip, os.environ.get(DISABLED_VARIABLE, "").split(","))))


def installed_plugins() -> Plugins:
    """The installed plugins without those."""
    return make_plugin_manager(disabled=disabled_plugins())
