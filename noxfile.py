"""Every check of this project. `nox` runs lint, typing and tests; `nox -l` lists the rest.

Works with plain virtualenv and is quicker where uv is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nox

HERE = Path(__file__).parent
PROJECT = nox.project.load_toml(HERE / "pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
SUITE = "tests/test_store_suite.py"
PLUGINS = sorted((HERE / "plugins").glob("*/pyproject.toml"))

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "typing", "tests"]


# -- interpreters: one counts as found when it runs (a shim of pyenv may be there and not run)


def _runs(executable: str, version: str) -> bool:
    code = "import sys, ssl, sqlite3, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def _interpreters(version: str) -> Iterator[str]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if found := shutil.which(f"python{version}", path=folder or os.curdir):
            yield found
    pyenv = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    yield from sorted(map(str, Path(pyenv).glob(f"versions/{version}.*/bin/python{version}")), reverse=True)


def _put_running_interpreters_first() -> None:
    """nox and uv take the first on the PATH: let that be one that runs. (On Windows nox asks the `py` launcher.)"""
    for version in PYTHONS:
        first = shutil.which(f"python{version}")
        if sys.platform == "win32" or (first and _runs(first, version)):
            continue
        if found := next((each for each in _interpreters(version) if _runs(each, version)), None):
            os.environ["PATH"] = os.pathsep.join([str(Path(found).parent), os.environ.get("PATH", "")])


_put_running_interpreters_first()


def _group(name: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(PROJECT, name)


# -- sessions


@nox.session
def demo(session: nox.Session) -> None:
    """The main job: a whole conference, into demo-output/."""
    session.install(".[rich]")
    session.run("conferencekit", "demo", "--out", "demo-output", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The test suite, on every supported Python that is found."""
    # the newest Python with the newest SQLite, the others with their own
    extra = "[sqlite]" if session.python == PYTHONS[-1] and sys.platform == "linux" else ""
    session.install("-e", f".{extra}", *_group("tests"))
    session.run("pytest", *(session.posargs or ["-n", "auto"]))


@nox.session
def typing(session: nox.Session) -> None:
    """mypy --strict over the package, the plugins, the examples and typing_tests/."""
    session.install("-e", ".[auth,fast]", *_group("typing"))
    session.run("mypy", *session.posargs)
    for plugin in PLUGINS:
        session.run("mypy", str(plugin.parent / "src"))


@nox.session
def lint(session: nox.Session) -> None:
    """ruff: rules and format. `nox -s lint -- --fix` repairs what it can."""
    session.install(*_group("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]))


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, offline, warnings as errors, into docs/_build/."""
    session.install("-e", ".", *_group("docs"))
    session.run(
        "sphinx-build", "-W", "--keep-going", "-n", "-E", "-q", "docs", "docs/_build", *session.posargs
    )


@nox.session
def examples(session: nox.Session) -> None:
    """Every example, and the code in README and docs."""
    session.install("-e", ".", *_group("tests"))
    session.run("pytest", "tests/test_examples.py", *session.posargs)


@nox.session
def plugins(session: nox.Session) -> None:
    """The plugins' own tests, with the core and the plugins installed from their wheels."""
    wheels = Path(session.create_tmp()) / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    session.install("build", "hatchling")
    for project in [HERE, *(each.parent for each in PLUGINS)]:
        session.run(
            "python",
            "-m",
            "build",
            "--no-isolation",
            "--wheel",
            "--outdir",
            str(wheels),
            str(project),
            silent=True,
        )
    built = sorted(str(each) for each in wheels.glob("*.whl"))
    session.install("--force-reinstall", *built, *_group("plugins"))
    for plugin in PLUGINS:
        with session.chdir(plugin.parent):
            session.run("pytest", "-c", "pyproject.toml", "tests", *(session.posargs or ["-n", "auto"]))


@nox.session
def sqlite(session: nox.Session) -> None:
    """The SQLite store on the package `pysqlite3`, which is used in place of Python's own where it is newer."""
    if sys.platform != "linux":
        session.skip("pysqlite3 has wheels for Linux only")
    session.install("-e", ".[sqlite]", *_group("tests"))
    files = sorted(str(each) for each in (HERE / "tests").glob("test_store_sqlite*.py"))
    session.run("python", "-c", "from conferencekit.adapters.sqlite_driver import sqlite3 as s; print(s)")
    session.run(
        "pytest",
        *(session.posargs or ["-n", "auto", "-m", "not slow", "-k", "not Memory", *files, SUITE]),
    )


@nox.session
def judges(session: nox.Session) -> None:
    """What others think of our output: validators and parsers by others, each skipped where it is missing."""
    session.install("-e", ".", *_group("judges"))
    session.run("pytest", "tests/judges", "tests/test_form_countries.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measures, as one table: in a quarter of an hour, or what `--only NAME` names; `--help` tells the rest."""
    session.install(".[fast,rich,testing]", "./plugins/conferencekit-sqlalchemy[postgresql]", "ical>=8.0")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session(python=PYTHONS[1])
def lowest(session: nox.Session) -> None:
    """The test suite with the lowest versions that pyproject.toml allows, on an interpreter between the ends."""
    constraints = Path(session.create_tmp()) / "lowest.txt"
    wanted = [re.match(r"([\w.-]+)>=([\w.]+)$", each) for each in PROJECT["project"]["dependencies"]]
    constraints.write_text("".join(f"{each[1]}=={each[2]}\n" for each in wanted if each), encoding="utf-8")
    session.install("-e", ".", "-c", str(constraints), *_group("tests"))
    session.run("pytest", *(session.posargs or ["-n", "auto", "-m", "not slow"]))
