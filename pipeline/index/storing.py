"""Writing rows into the embedded index, all within one transaction of the caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from pipeline.errors import Reject
from pipeline.index import Document
from pipeline.index.rows import SHIFT, Row, keys, load, row, text
from pipeline.index.shapes import SHAPES, Shape
from pipeline.limits import FATE_DAYS

Answer = str | Exception
Words = tuple[int, bool, str, str]
"""A change to the full text: where, whether to add it, title and body."""


def try_row(document: Document) -> Row | Reject:
    """The rows of a document, or why it can never be stored."""
    try:
        return row(document)
    except Reject as error:
        return error


def store(db: sqlite3.Connection, rows: Sequence[Row | Reject]) -> list[Answer]:
    """Write the newest of each document; an id that comes twice is written once."""
    answers: list[Answer] = []
    newest: dict[tuple[str, str], Row] = {}
    versions: dict[tuple[str, str], int] = {}
    for one in rows:
        if isinstance(one, Reject):
            answers.append(one)
            continue
        name = (one.shape.kind, one.id)
        stored = versions.get(name, _version(db, *name))
        if stored is not None and one.version <= stored:
            answers.append("unchanged")
            continue
        answers.append("created" if stored is None else "updated")
        versions[name], newest[name] = one.version, one
    words: dict[str, list[Words]] = {}
    for one in newest.values():
        words.setdefault(one.shape.kind, []).extend(_replace(db, one))
    for kind, changes in words.items():
        _write_words(db, kind, changes)
    return answers


def _version(db: sqlite3.Connection, kind: str, id: str) -> int | None:
    found = db.execute(f"SELECT version FROM {kind} WHERE id = ?", (id,)).fetchone()  # noqa: S608
    return found[0] if found else None


def _replace(db: sqlite3.Connection, one: Row) -> Iterator[Words]:
    """Write all but the words; gives the words to take out and to add."""
    kind = one.shape.kind
    yield from _remove(db, one)
    n = one.place
    while db.execute(f"SELECT 1 FROM {kind} WHERE n = ?", (n,)).fetchone():  # noqa: S608
        n += 1
    values = (n, one.id, one.version, one.live, *one.groups)
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO {kind} VALUES ({marks})", values)  # noqa: S608
    db.execute(f"INSERT INTO {kind}_body VALUES (?, ?)", (n, one.body))  # noqa: S608
    db.executemany(
        f"INSERT INTO {kind}_key VALUES (?, ?)",  # noqa: S608
        [(h, n) for h in one.keys],
    )
    if one.text:
        yield n, True, *one.text


def _remove(db: sqlite3.Connection, one: Row) -> Iterator[Words]:
    kind = one.shape.kind
    found = db.execute(
        f"SELECT n, live, body FROM {kind} JOIN {kind}_body USING (n) WHERE id = ?",  # noqa: S608
        (one.id,),
    ).fetchone()
    if found:
        yield from _take_out(db, one.shape, *found)


def _take_out(db: sqlite3.Connection, shape: Shape, n: int, live: int, data: bytes) -> list[Words]:
    body = load(data)
    _delete(db, shape.kind, n, keys(shape, body))
    words = text(shape, body) if live else None
    return [(n, False, *words)] if words else []


def _delete(db: sqlite3.Connection, kind: str, n: int, old: frozenset[int]) -> None:
    db.executemany(
        f"DELETE FROM {kind}_key WHERE h = ? AND n = ?",  # noqa: S608
        [(h, n) for h in old],
    )
    db.execute(f"DELETE FROM {kind}_body WHERE n = ?", (n,))  # noqa: S608
    db.execute(f"DELETE FROM {kind} WHERE n = ?", (n,))  # noqa: S608


def _write_words(db: sqlite3.Connection, kind: str, changes: list[Words]) -> None:
    """In the order of rowids: FTS5 flushes to disk at each rowid below the one before."""
    for n, add, title, body in sorted(changes):
        if add:
            sql = f"INSERT INTO {kind}_text (rowid, title, body) VALUES (?, ?, ?)"  # noqa: S608
        else:  # the text must be the very one that was added
            sql = (
                f"INSERT INTO {kind}_text ({kind}_text, rowid, title, body)"  # noqa: S608
                " VALUES ('delete', ?, ?, ?)"
            )
        db.execute(sql, (n, title, body))


def forget_fates(db: sqlite3.Connection, rows: Sequence[Row | Reject], now: float) -> None:
    """Delete the oldest fates, at most twice as many as came, so that no batch waits for it."""
    came = sum(isinstance(one, Row) and one.shape.kind == "fate" for one in rows)
    before = int((now - FATE_DAYS * 86_400) * 1000) << SHIFT
    old = db.execute(
        "SELECT n, body FROM fate_body WHERE n < ? ORDER BY n LIMIT ?", (before, 2 * came)
    ).fetchall()
    for n, data in old:
        _delete(db, "fate", n, keys(SHAPES["fate"], load(data)))


def drop(db: sqlite3.Connection, shape: Shape, places: Sequence[int]) -> None:
    """Delete the documents at these places."""
    words: list[Words] = []
    for n in places:
        sql = f"SELECT live, body FROM {shape.kind} JOIN {shape.kind}_body USING (n) WHERE n = ?"  # noqa: S608
        for live, data in db.execute(sql, (n,)).fetchall():
            words += _take_out(db, shape, n, live, data)
    _write_words(db, shape.kind, words)
