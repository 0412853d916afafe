"""How the SQLite files of the embedded bus are opened, and what to do about their errors."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import Fatal

BUSY_SECONDS = 30.0  # a writer waits this long for the others; a batch holds the lock 1 to 50 ms
PAGE_BYTES = (
    16_384  # against the default of 4096: +38 % writing and +47 % reading at 50 KB a record
)
CACHE_KB = 4_000  # per connection; a stage has up to twelve of them
# WAL keeps its index in shared memory and needs locks that hold: sqlite.org/wal.html, section 2.2
NETWORK = (
    *("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "beegfs", "gpfs", "glusterfs", "davfs"),
    *("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.gluster", "fuse.ceph"),
    *("fuse.smb", "fuse.cifs", "fuse.nfs", "fuse.goofys", "fuse.mount-s3", "fuse.juicefs"),
)


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection in which every commit is on the disk; transactions are begun by hand.

    Raises:
        Fatal: there is no such file, or it is no database.
    """
    with telling(path):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={'rwc' if create else 'rw'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        if create:
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")
        connection.execute("PRAGMA journal_size_limit=67108864")
        return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Alone among the writers; all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has already rolled it back
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn trouble with the file into what to do about it.

    Raises:
        Fatal: any error of SQLite or of the file system.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise Fatal(f"{path}: {error}. {_advice(error)}") from error
    except OSError as error:
        raise Fatal(
            f"{path}: {error.strerror}. Check the folder, its owner and its disk."
        ) from error


def _advice(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    for start, advice in (
        ("SQLITE_FULL", "The disk is full: make room, then start again; nothing is lost."),
        ("SQLITE_BUSY", f"Another process held it for {BUSY_SECONDS:.0f} s: is one stopped?"),
        ("SQLITE_CANTOPEN", "Run 'tocsin setup', and check that the folder may be written."),
        ("SQLITE_READONLY", "It may not be written: check its owner and the mount."),
        ("SQLITE_IOERR", "The disk does not answer well: check the system's log."),
        ("SQLITE_CORRUPT", "It is damaged: stop Tocsin, restore it or move it away, run setup."),
        ("SQLITE_NOTADB", "It is damaged: stop Tocsin, restore it or move it away, run setup."),
    ):
        if name.startswith(start):
            return advice
    return "It was not written by this version: move it away or restore it, then run setup."


def refuse_network(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Say no to a folder on a network file system; where the system does not tell, trust.

    Raises:
        Fatal: it lies on one.
    """
    with contextlib.suppress(OSError):
        kind = _kind(str(folder.resolve()), mounts.read_text(errors="replace"))
        if kind.startswith(NETWORK):
            raise Fatal(
                f"{folder} lies on a network file system ({kind}), where SQLite cannot keep "
                "several processes apart: put 'data' on a local disk, or use Kafka."
            )


def _kind(folder: str, mounts: str) -> str:
    """The type of the mount that holds the folder: the longest mount point, the last of equals."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ")
        if (folder + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
