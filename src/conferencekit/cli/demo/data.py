"""The texts and files of the model conference: beside the code in a wheel, under `examples/` in a checkout."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from attrs import frozen

from ...conference import MaterialKind
from ...declaration.content import ContributionData
from ...errors import NotFound

_INSTALLED = Path(__file__).parent / "global_mooc_2020"
_CHECKOUT = Path(__file__).parents[4] / "examples" / "global_mooc_2020"


@frozen(kw_only=True)
class Contributed:
    """One contribution of the example: who gives what, when, and with which files."""

    number: int
    email: str
    at: datetime
    data: ContributionData
    files: tuple[tuple[Path, MaterialKind], ...]


def find_data() -> Path:
    """The folder of the model conference. Raises `NotFound`."""
    for folder in (_INSTALLED, _CHECKOUT):
        if (folder / "conference.toml").is_file():
            return folder
    raise NotFound("folder with the model conference", str(_INSTALLED))


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def contributions(folder: Path) -> list[Contributed]:
    """All contributions, by number."""
    return [
        _contributed(read_toml(path), folder) for path in sorted((folder / "contributions").glob("*.toml"))
    ]


def _contributed(found: Mapping[str, Any], folder: Path) -> Contributed:
    materials = found.get("materials", ())
    files = tuple((folder / "materials" / each["file"], each["kind"]) for each in materials if "file" in each)
    links = tuple(each["url"] for each in materials if "url" in each)
    return Contributed(
        number=found["number"],
        email=found["email"],
        at=found["submitted"],
        data=_data(found, links),
        files=files,
    )


def _data(found: Mapping[str, Any], links: tuple[str, ...]) -> ContributionData:
    """The texts of a contribution as the rules take them."""
    answers = cast("Mapping[str, str]", found["answers"])
    return ContributionData(
        answers={int(topic): text.strip() for topic, text in answers.items()},
        language=found["language"],
        quote=found["quote"],
        publish=found["publish"],
        links=links,
    )
