"""What a commit means, as pure functions and plain rows: the part that all stores share.

`evaluate` is the exact meaning of `ports.Store.commit`. A store with tables of its own loads the rows that `touched`
names into `Rows`, calls `evaluate` under its lock, and writes the `Effects`. A store that keeps all in memory owns a
`State`.
"""

from __future__ import annotations

from .commit import evaluate
from .cursor import cursor_of, position_of, query_position, sort_key
from .dump import (
    TABLES,
    DumpDigest,
    differences,
    digest_of,
    entry_line,
    notice_line,
    quota_line,
    record_line,
    row_from_text,
    row_text,
    seal_line,
)
from .encoding import row_from_json, row_to_json
from .journal import Call, call_of
from .outbox import lease_terms, lend, settled
from .restoring import restored
from .rows import (
    ENTRY,
    FINAL,
    NOTICE,
    Effects,
    EntryRow,
    NoticeRow,
    Position,
    QuotaRow,
    RecordRow,
    View,
    entry_record,
    notice_record,
    place_of,
    record_of,
    seq_of,
)
from .state import State, check_batch, check_marks
from .tables import Rows, Tables, entry_rows, notice_rows, record_rows
from .touched import Touched, touched

__all__ = [
    "ENTRY",
    "FINAL",
    "NOTICE",
    "TABLES",
    "Call",
    "DumpDigest",
    "Effects",
    "EntryRow",
    "NoticeRow",
    "Position",
    "QuotaRow",
    "RecordRow",
    "Rows",
    "State",
    "Tables",
    "Touched",
    "View",
    "call_of",
    "check_batch",
    "check_marks",
    "cursor_of",
    "differences",
    "digest_of",
    "entry_line",
    "entry_record",
    "entry_rows",
    "evaluate",
    "lease_terms",
    "lend",
    "notice_line",
    "notice_record",
    "notice_rows",
    "place_of",
    "position_of",
    "query_position",
    "quota_line",
    "record_line",
    "record_of",
    "record_rows",
    "restored",
    "row_from_json",
    "row_from_text",
    "row_text",
    "row_to_json",
    "seal_line",
    "seq_of",
    "settled",
    "sort_key",
    "touched",
]
