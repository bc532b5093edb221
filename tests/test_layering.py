"""The shape of the code: dependencies point one way, rules do no I/O, files and functions stay small."""

from __future__ import annotations

import ast
import io
import tokenize
from functools import cache
from pathlib import Path

import pytest

# the same text whatever reads it: once is enough
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src/conferencekit"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PLUGIN_SOURCES = sorted((ROOT / "plugins").glob("*/src/**/*.py"))

# From below to above: a unit (a module, or a folder with all in it) imports only from layers below its own.
LAYERS = [
    {"errors", "lazy"},
    {"text", "context", "zones"},
    {"datewords", "limits", "ledger"},
    {"moment"},
    {"deadline", "programme", "form", "zonecheck", "events"},
    {"conference", "mailbox"},
    {"document", "registration", "declaration"},
    {"calendar"},
    {"message"},
    {"wire", "ports"},
    {"store", "hookspecs"},
    {"adapters"},
    {"plugins"},
    {"secretariat"},
    {"testing"},
    {"cli"},
    {"__main__"},
]
# Units whose rules are pure: no I/O, no clock, no environment, no chance.
CONCEPTS = set().union(*LAYERS[:9], {"wire", "store"})
IO_MODULES = {
    "asyncio", "ftplib", "glob", "http", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "smtplib",
    "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request",
}  # fmt: skip
IO_CALLS = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "now",
    "utcnow",
    "today",
    "urandom",
    "getenv",
}

# (file, what it imports or calls): why it may.
ALLOWED = {
    ("context.py", "os"): "the one place that names the sources of time and chance; rules get them passed in",
    ("context.py", "now"): "as above",
    (
        "document/loading.py",
        "os",
    ): "load_conference(path): the one function of the concepts that opens a file",
    ("document/loading.py", "pathlib"): "as above",
    ("document/loading.py", "open"): "as above",
}


def unit(path: Path) -> str:
    """The module or folder of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All of the parsed file."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Absolute names of all that a file imports when it runs (`if TYPE_CHECKING` left out)."""
    package = ["conferencekit", *path.relative_to(PACKAGE).parts[:-1]]
    found: list[str] = []
    guarded = {
        id(inner)
        for each in nodes_of(path)
        if isinstance(each, ast.If)
        and isinstance(each.test, ast.Name | ast.Attribute)
        and ast.unparse(each.test).endswith("TYPE_CHECKING")
        for statement in each.body
        for inner in ast.walk(statement)
    }
    for each in nodes_of(path):
        if id(each) in guarded:
            continue
        if isinstance(each, ast.Import):
            found += [alias.name for alias in each.names]
        elif isinstance(each, ast.ImportFrom):
            base = package[: len(package) - each.level + 1] if each.level else []
            stem = ".".join([*base, *([each.module] if each.module else [])])
            found += [f"{stem}.{alias.name}" for alias in each.names]
    return tuple(found)


def layer(name: str) -> int:
    """How high a unit stands."""
    return next(height for height, units in enumerate(LAYERS) if name in units)


def short(path: Path) -> str:
    """The name of a file for messages."""
    return (
        path.relative_to(PACKAGE).as_posix()
        if path.is_relative_to(PACKAGE)
        else path.relative_to(ROOT).as_posix()
    )


def test_every_unit_has_its_layer():
    """A new module is put in its place in this file."""
    units = {unit(each) for each in SOURCES} - {"__init__"}
    assert units <= set().union(*LAYERS)


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_dependencies_point_one_way(path):
    """A unit imports from itself and from below."""
    if path.name == "__init__.py" and path.parent == PACKAGE:
        return  # the public names, loaded at first use
    own = unit(path)
    for name in imports_of(path):
        if name.startswith("conferencekit."):
            other = name.split(".")[1]
            assert other == own or layer(other) < layer(own), f"{short(path)} imports {name}"


@pytest.mark.parametrize("path", [each for each in SOURCES if unit(each) in CONCEPTS], ids=short)
def test_rules_do_no_io(path):
    """No module for it is imported, and no file, clock or environment is asked."""
    for name in imports_of(path):
        found = next((each for each in IO_MODULES if name == each or name.startswith(f"{each}.")), None)
        assert found is None or (short(path), found) in ALLOWED, f"{short(path)} imports {name}"
    for each in nodes_of(path):
        if isinstance(each, ast.Call):
            called = each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
            assert called not in IO_CALLS or (short(path), called) in ALLOWED, (
                f"{short(path)}:{each.lineno} {called}()"
            )


def test_every_exception_is_needed():
    """The table above holds nothing that is gone."""
    used = set()
    for path in SOURCES:
        used |= {(short(path), name.split(".")[0]) for name in imports_of(path)}
        used |= {(short(path), name) for name in imports_of(path)}
        for each in nodes_of(path):
            if isinstance(each, ast.Call):
                used.add(
                    (
                        short(path),
                        each.func.attr
                        if isinstance(each.func, ast.Attribute)
                        else getattr(each.func, "id", ""),
                    )
                )
    assert set(ALLOWED) <= used


# -- sizes


def code_lines(path: Path) -> set[int]:
    """The lines that hold code: no blank lines, comments or docstrings."""
    empty = {
        tokenize.NL,
        tokenize.COMMENT,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
    found: set[int] = set()
    for token in tokenize.tokenize(io.BytesIO(path.read_bytes()).readline):
        if token.type not in empty:
            found |= set(range(token.start[0], token.end[0] + 1))
    for each in nodes_of(path):
        if (
            isinstance(each, ast.Expr)
            and isinstance(each.value, ast.Constant)
            and isinstance(each.value.value, str)
        ):
            found -= set(range(each.lineno, (each.end_lineno or 0) + 1))
    return found


BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.FunctionDef, ast.AsyncFunctionDef)


def nesting(node: ast.AST, *, is_elif: bool = False) -> int:
    """How deep blocks stand in each other; an `elif` is no deeper than its `if`."""
    deepest = 0
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                chained = (
                    isinstance(node, ast.If)
                    and name == "orelse"
                    and isinstance(child, ast.If)
                    and len(value) == 1
                )
                deepest = max(deepest, nesting(child, is_elif=chained))
    return deepest + (isinstance(node, BLOCKS) and not is_elif)


@pytest.mark.parametrize("path", SOURCES + PLUGIN_SOURCES, ids=short)
def test_files_and_functions_stay_small(path):
    """At most 400 lines of code in a file, 45 in a function, and four blocks in each other."""
    lines = code_lines(path)
    assert len(lines) <= 400, f"{short(path)} has {len(lines)} lines of code: split it by idea"
    for each in nodes_of(path):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            size = len([line for line in lines if each.lineno <= line <= (each.end_lineno or 0)])
            assert size <= 45, f"{short(path)}: {each.name} has {size} lines of code"
            # itself counts
            assert nesting(each) <= 5, f"{short(path)}: {each.name} nests {nesting(each) - 1} deep"
