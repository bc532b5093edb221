"""What Alembic runs: on the connection that it is given, with the version kept in a table of our own."""

from __future__ import annotations

from alembic import context

from conferencekit_sqlalchemy.tables import VERSION_TABLE

given = context.config.attributes
context.configure(
    connection=given["connection"], version_table=VERSION_TABLE, version_table_schema=given["schema"]
)
context.run_migrations()
