"""The index in one SQLite file: for one machine, any number of processes.  See the port."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.index import Document, Kind, Query
from pipeline.index.aged import old
from pipeline.index.finding import Plan, count_sql, page_sql, plan
from pipeline.index.rows import load
from pipeline.index.shapes import SHAPES, check_fields
from pipeline.index.storing import Answer, drop, forget_fates, store, try_row
from pipeline.index.tables import careful, open_file
from pipeline.limits import BULK_DOCUMENTS

_PAGE = 200  # documents read at once while a search streams


class EmbeddedIndex:
    """:class:`pipeline.index.Index` in ``folder``; used by any thread, one at a time.

    Raises:
        Fatal: the folder or file cannot be had, with what to do.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._db, self._made = open_file(folder)

    def setup(self) -> Sequence[str]:
        """See the port; opening the file has done it."""
        made, self._made = self._made, ""
        return [made] if made else []

    def put(self, documents: Sequence[Document]) -> Sequence[Answer]:
        """See the port; each transaction takes BULK_DOCUMENTS."""
        answers: list[Answer] = []
        for start in range(0, len(documents), BULK_DOCUMENTS):
            rows = [try_row(one) for one in documents[start : start + BULK_DOCUMENTS]]
            with self._writing() as db:
                answers += store(db, rows)
                forget_fates(db, rows, self._clock())
        return answers

    def get(self, kind: Kind, id: str) -> Mapping[str, Any] | None:
        """See the port."""
        with self._reading() as db:
            found = db.execute(
                f"SELECT body FROM {kind} JOIN {kind}_body USING (n) WHERE id = ?",  # noqa: S608
                (_plain(id),),
            ).fetchone()
        return load(found[0]) if found else None

    def search(self, query: Query) -> Iterator[Mapping[str, Any]]:
        """See the port; reads page by page and holds no lock while the caller works.

        Raises:
            ValueError: the query names a field that the index does not know.
        """
        check_fields(SHAPES[query.kind], query)
        return self._stream(query)

    def _stream(self, query: Query) -> Iterator[Mapping[str, Any]]:
        with self._reading() as db:
            asked = plan(query, db)
        pages = self._best(asked, query.limit) if asked.ranked else self._newest(asked, query.limit)
        for bodies in pages:
            yield from map(load, bodies)

    def _newest(self, asked: Plan, left: int | None) -> Iterator[list[bytes]]:
        before: int | None = None
        while left is None or left > 0:
            wanted = _PAGE if left is None else min(left, _PAGE)
            sql, values = page_sql(asked, before, wanted)
            with self._snapshot() as db:
                places = [n for (n,) in db.execute(sql, values)]
                bodies = self._bodies(asked, places)
            yield bodies
            if len(places) < wanted:
                return
            before = places[-1]
            left = None if left is None else left - wanted

    def _best(self, asked: Plan, limit: int | None) -> Iterator[list[bytes]]:
        sql, values = page_sql(asked, None, -1 if limit is None else limit)
        with self._reading() as db:
            places = [n for (n,) in db.execute(sql, values)]
        for start in range(0, len(places), _PAGE):
            yield self._bodies(asked, places[start : start + _PAGE])

    def _bodies(self, asked: Plan, places: Sequence[int]) -> list[bytes]:
        """The bodies in this order; those that went meanwhile are left out."""
        sql = f"SELECT body FROM {asked.kind}_body WHERE n = ?"  # noqa: S608
        with self._reading() as db:
            rows = [db.execute(sql, (n,)).fetchone() for n in places]
        return [one[0] for one in rows if one]

    def count(self, query: Query, by: Sequence[str]) -> Mapping[tuple[str, ...], int]:
        """See the port.

        Raises:
            ValueError: the query names a field that the index does not know.
        """
        check_fields(SHAPES[query.kind], query, tuple(by))
        with self._reading() as db:
            sql, values = count_sql(plan(query, db), by)
            rows = db.execute(sql, values).fetchall()
        return {tuple(names): number for *names, number in rows if number}

    def drop(self, kind: Kind, before: date, *, dry: bool = False) -> Iterator[tuple[str, int]]:
        """See :class:`pipeline.index.keeping.KeptIndex`; BULK_DOCUMENTS a step."""
        name = f"{SHAPES[kind].plural} before {before}"
        with self._reading() as db:
            found = old(db, kind, before, self._clock())
        while True:
            with self._reading():
                places = next(found, None)
            if places is None:
                return
            if places and not dry:
                with self._writing() as db:
                    drop(db, SHAPES[kind], places)
            if places:
                yield name, len(places)

    def close(self) -> None:
        """See the port."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, careful(self._folder):
            yield self._db

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """Other processes' writes are not seen between the reads within."""
        with self._reading() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise


def _plain(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
