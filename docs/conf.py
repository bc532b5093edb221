"""The documentation's build: offline, warnings as errors (`nox -s docs`)."""

from __future__ import annotations

from importlib import metadata

project = "conferencekit"
author = "The conferencekit contributors"
copyright = "the conferencekit contributors, MIT licence"
version = release = metadata.version("conferencekit")

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = f"conferencekit {release}"
