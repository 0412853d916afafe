"""From a query to the SQL of the embedded index; no user text ever becomes SQL or FTS syntax."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.index import Kind, Query
from pipeline.index.rows import SHIFT, key
from pipeline.index.shapes import SHAPES, day, span
from pipeline.index.words import Term, fold, parse

_PROBE = 1_000  # rows counted of each key to find the rarest
Condition = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which table leads, by which column, and the conditions with their values."""

    kind: Kind
    table: str
    column: str
    conditions: tuple[Condition, ...]
    ranked: bool

    def where(self) -> tuple[str, tuple[object, ...]]:
        """The conditions as one, with all values in order."""
        return (
            " AND ".join(sql for sql, _ in self.conditions) or "1",
            tuple(value for _, values in self.conditions for value in values),
        )


def plan(query: Query, db: sqlite3.Connection) -> Plan:
    """The words lead, else the rarest filter, else the time; each is in the order of time."""
    terms = parse(query.text) if query.text else ()
    words = [term for term in terms if not term.excluded]
    hashes = _rarest_first([key(*pair) for pair in query.match.items()], query.kind, db)
    lead: list[Condition]
    if not SHAPES[query.kind].title and terms:
        return Plan(query.kind, query.kind, "n", (("0", ()),), False)
    if words:
        table, column = f"{query.kind}_text", "rowid"
        lead = [(f"{table} MATCH ?", (_match(terms),))]
    elif hashes:
        table, column = f"{query.kind}_key", "n"
        lead = [("h = ?", (hashes.pop(0),))]
    else:
        table, column = query.kind, "n"
        lead = [("live", ())] if SHAPES[query.kind].hides else []
    own = f"{table}.{column}"
    conditions = [*lead, *_time(query, own), *_filters(query.kind, own, hashes)]
    if terms and not words:
        conditions.append(_without(query.kind, own, terms))
    return Plan(query.kind, table, column, tuple(conditions), query.ranked and bool(words))


def _rarest_first(hashes: list[int], kind: str, db: sqlite3.Connection) -> list[int]:
    if len(hashes) < 2:
        return hashes
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {kind}_key WHERE h = ? LIMIT {_PROBE})"  # noqa: S608
    return sorted(hashes, key=lambda h: db.execute(sql, (h,)).fetchone()[0])


def _time(query: Query, own: str) -> list[Condition]:
    if query.since is None and query.until is None:
        return []
    first, last = span(query)
    if SHAPES[query.kind].daily:
        of = "day"
        if own != f"{query.kind}.n":
            of = f"(SELECT day FROM {query.kind} AS d WHERE d.n = {own})"  # noqa: S608
        return [(f"{of} BETWEEN ? AND ?", (day(first), day(last)))]
    return [(f"{own} BETWEEN ? AND ?", (first << SHIFT, ((last + 1) << SHIFT) - 1))]


def _filters(kind: str, own: str, hashes: Sequence[int]) -> list[Condition]:
    sql = f"EXISTS (SELECT 1 FROM {kind}_key AS k WHERE k.h = ? AND k.n = {own})"  # noqa: S608
    return [(sql, (h,)) for h in hashes]


def _without(kind: str, own: str, terms: Sequence[Term]) -> Condition:
    sql = f"{own} NOT IN (SELECT rowid FROM {kind}_text WHERE {kind}_text MATCH ?)"  # noqa: S608
    return sql, (_match(terms, excluded=True),)


def _match(terms: Sequence[Term], excluded: bool = False) -> str:
    """Each term as an FTS5 string, in which only the quote is special, and doubled."""
    wanted = [_string(term) for term in terms if not term.excluded]
    unwanted = [_string(term) for term in terms if term.excluded]
    if excluded:
        return " OR ".join(unwanted)
    found = " AND ".join(wanted)
    return f"({found}) NOT ({' OR '.join(unwanted)})" if unwanted else found


def _string(term: Term) -> str:
    return '"' + fold(term.text).replace('"', '""') + '"'


def page_sql(asked: Plan, before: int | None, wanted: int) -> Condition:
    """The next places, newest first or best first; -1 wants all."""
    where, values = asked.where()
    own = f"{asked.table}.{asked.column}"
    if before is not None:
        where, values = f"{where} AND {own} < ?", (*values, before)
    best = f"bm25({asked.table}, 3.0, 1.0), " if asked.ranked else ""
    sql = f"SELECT {own} FROM {asked.table} WHERE {where} ORDER BY {best}{own} DESC LIMIT ?"  # noqa: S608
    return sql, (*values, wanted)


def count_sql(asked: Plan, by: Sequence[str]) -> Condition:
    """How many there are of each combination; an unknown value is the empty string."""
    where, values = asked.where()
    names = [f"coalesce({asked.kind}.{name}, '')" for name in by]
    tables = asked.table
    if asked.table != asked.kind:
        tables += f" JOIN {asked.kind} ON {asked.kind}.n = {asked.table}.{asked.column}"
    columns = [f"{asked.kind}.{name}" for name in sorted(by)]  # the order of item_account
    grouped = f" GROUP BY {', '.join(columns)}" if by else ""
    sql = f"SELECT {', '.join([*names, 'count(*)'])} FROM {tables} WHERE {where}{grouped}"  # noqa: S608
    return sql, values
