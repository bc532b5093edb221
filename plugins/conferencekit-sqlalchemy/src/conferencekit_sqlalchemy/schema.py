"""Whether the tables are there, ours, and of this version; and bringing them to it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema

from conferencekit.errors import NotOurFile, SchemaTooNew, SchemaTooOld

from .engines import make_plain_engine, meaning
from .place import Place
from .tables import NAMES, VERSION_TABLE

SCHEMA: Final = 1
"""The newest migration, `migrations/versions/0001_...`."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_ALEMBIC: Final = threading.Lock()  # alembic keeps what it works on in its module: one thread at a time


def prepare(place: Place) -> None:
    """Look at the tables; lay them out where there are none, and bring them forward where the URL says so.

    Raises:
        NotOurFile: tables of these names are another program's.
        SchemaTooNew, SchemaTooOld: another version made them.
    """
    with plain_engine(place) as engine:
        with engine.connect() as connection:
            found = schema_of(connection, place)
        if found == SCHEMA:
            return
        if found and not place.upgrade:
            raise SchemaTooOld(place.shown, found, SCHEMA)
        _upgrade(engine, place)


def pending(place: Place) -> list[str]:
    """What `upgrade` would do, in words. Raises as `prepare`."""
    path = Path(str(place.url.database))
    if not place.is_postgresql and path.parent.is_dir() and not path.exists():
        found = 0  # looking would make the file
    else:
        with plain_engine(place) as engine, engine.connect() as connection:
            found = schema_of(connection, place)
    return [f"schema {step}: {_told(step)}" for step in range(found + 1, SCHEMA + 1)]


def _told(step: int) -> str:
    (path,) = (MIGRATIONS / "versions").glob(f"{step:04}_*.py")
    return path.stem.partition("_")[2].replace("_", " ")


def upgrade(place: Place) -> tuple[int, int]:
    """Bring the tables to this version; (schema before, schema now). Raises as `prepare`."""
    with plain_engine(place) as engine:
        return _upgrade(engine, place)


class plain_engine:  # noqa: N801 - used like a function
    """A plain engine for the length of a block, the driver's errors told by their meaning."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._made = make_plain_engine(place)

    def __enter__(self) -> sa.Engine:
        return self._made

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._made.dispose()
        if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
            if "file is not a database" in str(error.orig):
                raise NotOurFile(self._place.shown, "it is not an SQLite database") from error
            raise meaning(error.orig, self._place) from error


def schema_of(connection: sa.Connection, place: Place) -> int:
    """The schema that the tables have, 0 = there are none."""
    inspector = sa.inspect(connection)
    schemas = inspector.get_schema_names() if place.schema else []
    names = (
        set()
        if place.schema and place.schema not in schemas
        else set(inspector.get_table_names(place.schema))
    )
    if VERSION_TABLE not in names:
        foreign = names & set(NAMES) if place.schema else names
        if foreign:
            raise NotOurFile(place.shown, f"it has tables of another program: {', '.join(sorted(foreign))}")
        return 0
    table = sa.table(VERSION_TABLE, sa.column("version_num"), schema=place.schema)
    version = str(connection.execute(sa.select(table.c.version_num)).scalar() or "0")
    if not version.isdigit():
        raise NotOurFile(place.shown, f"its {VERSION_TABLE} says {version!r}")
    if int(version) > SCHEMA:
        raise SchemaTooNew(place.shown, int(version), SCHEMA)
    return int(version)


def _upgrade(engine: sa.Engine, place: Place) -> tuple[int, int]:
    with _ALEMBIC, engine.begin() as connection:
        if place.schema is not None:  # others who open it for the first time wait here
            connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(1129015668, hashtext(:s))"), {"s": place.schema}
            )
        found = schema_of(connection, place)
        if found == SCHEMA:
            return found, found
        if place.schema is not None and place.schema not in sa.inspect(connection).get_schema_names():
            connection.execute(CreateSchema(place.schema))
        _run_alembic(connection, place.schema)
        return found, SCHEMA


def _run_alembic(connection: sa.Connection, schema: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - slow to load, and seldom needed
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config(attributes={"connection": connection, "schema": schema})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
