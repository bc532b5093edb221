"""How the URLs of these stores begin."""

from __future__ import annotations

from typing import Final

POSTGRESQL: Final = "postgresql+psycopg"
SQLITE: Final = "sqlite+pysqlite"
