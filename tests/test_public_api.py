"""The public face: one list of names, loaded at their first use."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import conferencekit
import conferencekit.calendar

HEAVY = ("icalendar", "jinja2", "sqlite3", "smtplib", "email", "rich", "asyncio", "conferencekit.adapters")


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after this statement."""
    code = f"{statement}; import sys; print(*sys.modules)"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )


PACKAGES = (conferencekit, conferencekit.calendar)
FROM_THE_START = {"conferencekit.calendar": {"validate", "vtimezone"}}


def names_for_type_checkers(package: ModuleType) -> set[str]:
    """What `if TYPE_CHECKING:` imports in the `__init__.py` of a package."""
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    block = next(each for each in tree.body if isinstance(each, ast.If))
    return {alias.name for each in block.body if isinstance(each, ast.ImportFrom) for alias in each.names}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda each: each.__name__)
def test_all_is_sorted_and_is_what_type_checkers_see_and_what_loads(package):
    """Three lists that must be one."""
    assert package.__all__ == sorted(package.__all__)
    lazy = set(package.__all__) - FROM_THE_START.get(package.__name__, set())
    assert lazy == set(package._MODULES) == names_for_type_checkers(package)


@pytest.mark.parametrize(
    ("package", "name"), [(each, name) for each in PACKAGES for name in each._MODULES], ids=str
)
def test_every_public_name_loads_from_its_module(package, name):
    """It is the very object that the module has."""
    module = importlib.import_module(package._MODULES[name], package.__name__)
    assert getattr(package, name) is getattr(module, name)


def test_a_function_with_the_name_of_its_module_stays_one():
    """Whoever imports something from the module changes nothing for others."""
    code = "import conferencekit.calendar.vtimezone, conferencekit.calendar.validate; from conferencekit.calendar import *"
    loaded_by(f"{code}; assert callable(validate) and callable(vtimezone)")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda each: each.__name__)
def test_nothing_is_public_that_is_not_listed(package):
    """What the package itself defines begins with an underscore; all that it offers comes from a module."""
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    defined = {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
    for each in tree.body:
        if isinstance(each, ast.Assign | ast.AnnAssign):
            defined |= {
                found.id
                for found in ast.walk(each)
                if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store)
            }
    assert not {name for name in defined if not name.startswith("_")}


def test_an_unknown_name_is_an_attribute_error():
    """As for any module."""
    with pytest.raises(AttributeError, match="'conferencekit' has no attribute 'Sekretariat'"):
        _ = conferencekit.Sekretariat


def test_dir_shows_the_public_names():
    """For those who look around in a shell."""
    assert set(conferencekit.__all__) <= set(dir(conferencekit))


def test_import_is_light():
    """`import conferencekit` loads nothing of what it might need later."""
    before = loaded_by("pass")
    found = loaded_by("import conferencekit") - before
    assert not {each for each in found if each.startswith(HEAVY)}
    assert {each for each in found if each.startswith("conferencekit.")} == {"conferencekit.lazy"}


def test_the_public_names_load_no_adapter_and_no_renderer():
    """Calendar, templates and databases load when they are used."""
    found = loaded_by("from conferencekit import *") - loaded_by("pass")
    heavy = set(HEAVY) - {"email", "conferencekit.adapters"}  # importlib.metadata reads versions with email
    assert not {each for each in found if each.split(".")[0] in heavy}
    adapters = {each for each in found if each.startswith("conferencekit.adapters.")}
    assert adapters <= {"conferencekit.adapters.builtin"}


def test_a_process_that_takes_forms_loads_neither_mails_nor_declarations():
    """They load where a mail is rendered and where a declaration is compiled."""
    loaded = loaded_by("from conferencekit import Secretariat, load_conference")
    assert not loaded & {"conferencekit.message.rendering", "conferencekit.declaration.synthesis"}
