"""From the bodies alone, every table of the embedded index anew, when its layout has changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from pipeline.errors import Fatal
from pipeline.index import Document, Kind
from pipeline.index.rows import load
from pipeline.index.shapes import SHAPES
from pipeline.index.storing import store, try_row
from pipeline.limits import BULK_DOCUMENTS


def rebuild(db: sqlite3.Connection, statements: Sequence[str]) -> int:
    """Within the caller's transaction, which undoes all if it fails; how many documents there are.

    Every layout has the columns n, id and version of a kind and n and body of its bodies.

    Raises:
        Fatal: a stored document does not fit any more.
    """
    kinds = [kind for kind in SHAPES if _exists(db, kind)]
    for kind in kinds:
        db.execute(
            f"CREATE TABLE old_{kind} AS SELECT n, id, version, body"  # noqa: S608
            f" FROM {kind} JOIN {kind}_body USING (n)"
        )
        for part in ("", "_body", "_key", "_text"):
            db.execute(f"DROP TABLE IF EXISTS {kind}{part}")
    for statement in statements:
        db.execute(statement)
    return sum(_refill(db, kind) for kind in kinds)


def _exists(db: sqlite3.Connection, table: str) -> bool:
    found = db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
    return found.fetchone() is not None


def _refill(db: sqlite3.Connection, kind: Kind) -> int:
    number = 0
    for batch in _old(db, kind):
        rows = [try_row(document) for document in batch]
        for document, answer in zip(batch, store(db, rows), strict=True):
            if isinstance(answer, Exception):
                raise Fatal(
                    f"the {kind} {document.id} of an older index does not fit any more ({answer});"
                    " move the index away and run `tocsin replay --from index` to fill a new one"
                )
        number += len(batch)
    db.execute(f"DROP TABLE old_{kind}")
    return number


def _old(db: sqlite3.Connection, kind: Kind) -> Iterator[list[Document]]:
    rows = db.execute(f"SELECT id, version, body FROM old_{kind} ORDER BY n")  # noqa: S608
    while batch := rows.fetchmany(BULK_DOCUMENTS):
        yield [Document(kind, id, version, "1970.01", load(body)) for id, version, body in batch]
