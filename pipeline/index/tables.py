"""The embedded index's file: its tables, how it is opened, and what its errors ask for."""

from __future__ import annotations

import fcntl
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import Fatal, Retry
from pipeline.index.rebuilding import rebuild
from pipeline.index.shapes import SHAPES, Shape

FILE = "index.sqlite"
BUSY_SECONDS = 30.0  # another process writes; one transaction of 500 stories takes 0.2 s
# Porter touches only words in a-z: it finds "attack" by "attacks", joins some French and Spanish
# words (both sides alike) and leaves Russian and Arabic alone.  Marks are part of words, as in
# Hindi; the default category list would split there.
_TOKENS = "porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'"


def _tables(kind: str, shape: Shape) -> Iterator[str]:
    """``n`` is the time in ms and 20 bits more, so that the newest are the last by rowid.

    A key is 63 bits of a hash of field and value: 18 bytes a row where text takes 50.  Bodies
    have a table of their own so that a count reads only the 100 bytes a row that it needs.
    """
    groups = "".join(f", {name} TEXT" for name in shape.groups)
    yield (
        f"CREATE TABLE {kind} (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
        f" version INTEGER NOT NULL, live INTEGER NOT NULL, day TEXT NOT NULL{groups})"
    )
    yield f"CREATE TABLE {kind}_body (n INTEGER PRIMARY KEY, body BLOB NOT NULL)"
    yield f"CREATE TABLE {kind}_key (h INTEGER, n INTEGER, PRIMARY KEY (h, n)) WITHOUT ROWID"
    if shape.title:
        yield (
            f"CREATE VIRTUAL TABLE {kind}_text"
            f" USING fts5(title, body, content='', tokenize=\"{_TOKENS}\")"
        )
    if kind == "item":  # the account's own order
        yield "CREATE INDEX item_account ON item (day, source, state)"


STATEMENTS = tuple(one for kind, shape in SHAPES.items() for one in _tables(kind, shape))
LAYOUT = zlib.crc32(
    repr((STATEMENTS, [sorted(shape.filters) for shape in SHAPES.values()])).encode()
) & (2**31 - 1)
"""Changes with the tables and the fields they hold; kept as the file's user_version."""


def open_file(folder: Path) -> tuple[sqlite3.Connection, str]:
    """A connection to the index of the folder, and what was created or rebuilt, else "".

    Raises:
        Fatal: it cannot be had, with what to do.
    """
    with careful(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Two processes that switch a new file to WAL at once get "locked" without waiting.
            with (folder / "index.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                return _open(folder)
        except OSError as error:
            raise Fatal(
                f"cannot use the folder {folder} for the index: {error.strerror}; set `data` to a"
                " folder that this user may write"
            ) from None


def _open(folder: Path) -> tuple[sqlite3.Connection, str]:
    db = sqlite3.connect(
        folder / FILE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        return db, _prepare(db, folder)
    except BaseException:
        db.close()
        raise


def _prepare(db: sqlite3.Connection, folder: Path) -> str:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA cache_size=-64000")  # 64 MB; the upper levels of 1M items' keys fit
    layout = db.execute("PRAGMA user_version").fetchone()[0]
    if layout == LAYOUT:
        return ""
    db.execute("BEGIN IMMEDIATE")
    number = rebuild(db, STATEMENTS) if layout else _create(db)
    db.execute(f"PRAGMA user_version={LAYOUT}")
    db.execute("COMMIT")
    if layout:
        return f"rebuilt the index {folder / FILE} for this version, {number} documents"
    return f"created the index {folder / FILE}"


def _create(db: sqlite3.Connection) -> int:
    for statement in STATEMENTS:
        db.execute(statement)
    return 0


@contextmanager
def careful(folder: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        Retry: another process holds the file.
        Fatal: full disk, damaged file, no permission, with what to do.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _meaning(error, folder / FILE) from error


_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full: free space and start again, nothing is lost",
    sqlite3.SQLITE_IOERR: "the disk failed or is full: check it and start again, nothing is lost",
    sqlite3.SQLITE_READONLY: "it may not be written: give this user the right to write there",
    sqlite3.SQLITE_PERM: "it may not be written: give this user the right to write there",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that this user may read and write it",
}
_DAMAGED = "it is damaged: move it away and run `tocsin replay --from index` to fill a new one"


def _meaning(error: sqlite3.Error, file: Path) -> Fatal | Retry:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Retry(f"another process holds {file}", after=1.0)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Fatal(f"{file}: {_DAMAGED} ({error})")
    return Fatal(f"{file}: {_ADVICE.get(code, 'SQLite failed')} ({error})")
