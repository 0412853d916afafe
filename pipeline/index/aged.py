"""Which documents of the embedded index are older than a day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime

from pipeline.index import Kind
from pipeline.index.rows import SHIFT, load
from pipeline.index.shapes import milliseconds
from pipeline.limits import BULK_DOCUMENTS

_DAY_MS = 86_400_000
# An item by the day of its account, so that a day goes whole; a step by its time; a story by
# first_seen, as on Elasticsearch, which is in its body alone: those published between then and
# tomorrow cannot have been seen before, the others are looked at.
_CANDIDATES: dict[Kind, str] = {
    "item": "day < :day",
    "fate": "n < :n",
    "story": "NOT n BETWEEN :n AND :later",
    "incident": "NOT n BETWEEN :n AND :later",
}


def old(db: sqlite3.Connection, kind: Kind, before: date, now: float) -> Iterator[list[int]]:
    """Their places, at most BULK_DOCUMENTS at once; they may be deleted between."""
    start = milliseconds(datetime(before.year, before.month, before.day, tzinfo=UTC))
    later = int(now * 1000) + _DAY_MS
    day = before.isoformat()
    bounds = {"day": day, "n": start << SHIFT, "later": later << SHIFT}
    sql = (
        f"SELECT n, body FROM {kind} JOIN {kind}_body USING (n)"  # noqa: S608
        f" WHERE {_CANDIDATES[kind]} AND n > :after ORDER BY n LIMIT {BULK_DOCUMENTS}"
    )
    after = -1
    while rows := db.execute(sql, {**bounds, "after": after}).fetchall():
        after = rows[-1][0]
        yield [n for n, body in rows if kind in ("item", "fate") or _seen(body) < day]


def _seen(body: bytes) -> str:
    return str(load(body)["first_seen"])[:10]
