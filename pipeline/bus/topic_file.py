"""One topic of the embedded bus: one SQLite file with all its partitions."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import zstandard

from pipeline.bus import Message, Record, TopicSpec
from pipeline.bus.files import connect, telling, transaction
from pipeline.bus.refusal import refusal
from pipeline.errors import Fatal

OFFSET_BITS = 40  # a record's id is partition << 40 | offset: one append point per partition
OFFSET_MASK = (1 << OFFSET_BITS) - 1
PACK_BYTES = 1_000  # zstd level 1 halves a story at +17 % time; below 1 KB it saves no page
COMPACT_AFTER = 3_600.0  # a consumer less than an hour behind sees every record, as on Kafka
TOMBSTONE_SECONDS = 86_400.0  # Kafka's delete.retention.ms
CHUNK = 64  # records per transaction of a sweep, so that a writer waits some milliseconds at most

SCHEMA = """
CREATE TABLE IF NOT EXISTS spec (
    partitions INTEGER, days REAL, compacted INTEGER, max_bytes INTEGER);
CREATE TABLE IF NOT EXISTS tail (partition INTEGER PRIMARY KEY, next INTEGER, clean INTEGER);
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, key TEXT, value BLOB, packed INTEGER, headers TEXT, time REAL);
"""
INDEXES = (
    "CREATE INDEX IF NOT EXISTS by_key ON records (key)",
    "CREATE INDEX IF NOT EXISTS tombstones ON records (time) WHERE value IS NULL",
)


def partition_of(key: str, partitions: int) -> int:
    """Where records of this key lie, the same in every process and version."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions


def create(path: Path, spec: TopicSpec) -> list[str]:
    """Make the topic, or bring it to the specification; what was changed, one sentence each.

    Raises:
        Fatal: the file cannot be written or is damaged.
    """
    connection = connect(path, create=True)
    try:
        with telling(path), transaction(connection):
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
            changes = _specify(connection, spec)
            if spec.compacted:
                for statement in INDEXES:
                    connection.execute(statement)
    finally:
        connection.close()
    return changes


def _specify(connection: sqlite3.Connection, spec: TopicSpec) -> list[str]:
    wanted = (spec.days, int(spec.compacted), spec.max_bytes)
    row = connection.execute("SELECT partitions, days, compacted, max_bytes FROM spec").fetchone()
    if row is None:
        connection.execute("INSERT INTO spec VALUES (?, ?, ?, ?)", (spec.partitions, *wanted))
        connection.executemany(
            "INSERT INTO tail VALUES (?, 0, 0)", [(n,) for n in range(spec.partitions)]
        )
        return [f"topic {spec.name}: created with {spec.partitions} partitions"]
    changes = []
    for name, old, new in zip(("days", "compacted", "max_bytes"), row[1:], wanted, strict=True):
        if old != new:
            connection.execute(f"UPDATE spec SET {name} = ?", (new,))  # noqa: S608 - three names
            changes.append(f"topic {spec.name}: {name} changed from {old} to {new}")
    if row[0] != spec.partitions:
        changes.append(
            f"topic {spec.name}: has {row[0]} partitions instead of {spec.partitions}; left so, "
            "because another number would move its keys"
        )
    return changes


class TopicFile:
    """An open topic; one connection, used by one thread at a time."""

    def __init__(self, path: Path, name: str, clock: Callable[[], float] = time.time) -> None:
        if not path.exists():
            raise Fatal(f"topic {name} does not exist: run 'tocsin setup'")
        self._path = path
        self._name = name
        self._clock = clock
        self._connection = connect(path)
        self._packer = zstandard.ZstdCompressor(level=1)
        self._unpacker = zstandard.ZstdDecompressor()
        self.partitions = int(self._spec()[0])

    def append(self, messages: Sequence[Message]) -> list[Exception | None]:
        """Write all of them in one transaction; for each, in order, None or why it can never be.

        Raises:
            Fatal: the file cannot be written.
        """
        with telling(self._path), transaction(self._connection):
            limit, now = self._spec()[3], self._clock()
            errors: list[Exception | None] = [refusal(message, limit) for message in messages]
            ends, rows = self.ends(), []
            for message, error in zip(messages, errors, strict=True):
                if error is None:
                    partition = partition_of(message.key, self.partitions)
                    rows.append(self._row(message, partition << OFFSET_BITS | ends[partition], now))
                    ends[partition] += 1
            self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._connection.executemany(
                "UPDATE tail SET next = ? WHERE partition = ?", [(n, p) for p, n in ends.items()]
            )
        return errors

    def _row(self, message: Message, identity: int, now: float) -> tuple[object, ...]:
        value, packed = message.value, 0
        if value is not None and len(value) > PACK_BYTES:
            small = self._packer.compress(value)
            if len(small) < len(value):
                value, packed = small, 1
        headers = json.dumps(dict(message.headers)) if message.headers else ""
        return identity, message.key, value, packed, headers, now

    def fetch(self, partition: int, start: int, limit: int, limit_bytes: int) -> list[Record]:
        """Records from the offset ``start`` on; at most ``limit``, and until their bytes suffice.

        Raises:
            Fatal: the file cannot be read.
        """
        first = partition << OFFSET_BITS
        records: list[Record] = []
        with telling(self._path):
            rows = self._connection.execute(
                "SELECT id, key, value, packed, headers, time FROM records"
                " WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                (first + start, first + OFFSET_MASK, limit),
            )
            for identity, key, value, packed, headers, when in rows:
                raw = self._unpack(value) if packed else value
                told = json.loads(headers) if headers else {}
                offset = identity & OFFSET_MASK
                records.append(Record(self._name, partition, offset, key, raw, told, when))
                limit_bytes -= len(raw or b"")
                if limit_bytes <= 0:
                    break
            rows.close()
        return records

    def _unpack(self, value: bytes) -> bytes:
        try:
            return self._unpacker.decompress(value)
        except zstandard.ZstdError as error:
            raise sqlite3.DatabaseError(f"a record cannot be unpacked ({error})") from error

    def ends(self) -> dict[int, int]:
        """For each partition the offset that its next record will have."""
        with telling(self._path):
            return dict(self._connection.execute("SELECT partition, next FROM tail"))

    def start(self, partition: int) -> int | None:
        """The offset of the oldest record there is."""
        first = partition << OFFSET_BITS
        with telling(self._path):
            (oldest,) = self._connection.execute(
                "SELECT min(id) FROM records WHERE id >= ? AND id < ?", (first, first + OFFSET_MASK)
            ).fetchone()
        return None if oldest is None else oldest & OFFSET_MASK

    def version(self) -> int:
        """A number that changes when another connection has written; it costs 5 µs."""
        with telling(self._path):
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def sweep(self, seconds: float) -> bool:
        """Spend at most about this long on retention and compaction; whether more is to do.

        Raises:
            Fatal: the file cannot be written.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with telling(self._path), transaction(self._connection):
                _, days, compacted, _ = self._spec()
                now, done = self._clock(), 0
                for partition in range(self.partitions):
                    if days is not None:
                        done += self._drop(partition, now - days * 86_400.0)
                    if compacted:
                        done += self._compact(partition, now)
            if not done:
                return False
        return True

    def _drop(self, partition: int, before: float) -> int:
        """The head of the partition that is too old; time grows with the offset."""
        first = partition << OFFSET_BITS
        return self._connection.execute(
            "DELETE FROM records WHERE id IN (SELECT id FROM (SELECT id, time FROM records"
            " WHERE id >= ? AND id < ? ORDER BY id LIMIT ?) WHERE time < ?)",
            (first, first + OFFSET_MASK, CHUNK, before),
        ).rowcount

    def _compact(self, partition: int, now: float) -> int:
        """Go on where the last sweep stopped: for each record remove what it replaces."""
        first = partition << OFFSET_BITS
        (clean,) = self._connection.execute(
            "SELECT clean FROM tail WHERE partition = ?", (partition,)
        ).fetchone()
        rows = self._connection.execute(
            "SELECT id, key FROM (SELECT id, key, time FROM records WHERE id >= ? AND id < ?"
            " ORDER BY id LIMIT ?) WHERE time < ? ORDER BY id",
            (first + clean, first + OFFSET_MASK, CHUNK, now - COMPACT_AFTER),
        ).fetchall()
        self._connection.executemany(
            "DELETE FROM records WHERE key = ? AND id >= ? AND id < ?",
            [(key, first, identity) for identity, key in rows],
        )
        if rows:
            clean = (rows[-1][0] & OFFSET_MASK) + 1
            self._connection.execute(
                "UPDATE tail SET clean = ? WHERE partition = ?", (clean, partition)
            )
        gone = self._connection.execute(
            "DELETE FROM records WHERE id IN (SELECT id FROM records"
            " WHERE value IS NULL AND time < ? AND id >= ? AND id < ? LIMIT ?)",
            (now - TOMBSTONE_SECONDS, first, first + clean, CHUNK),
        ).rowcount
        return len(rows) + gone

    def _spec(self) -> tuple[int, float | None, int, int]:
        with telling(self._path):
            row = self._connection.execute(
                "SELECT partitions, days, compacted, max_bytes FROM spec"
            ).fetchone()
        if row is None:
            raise Fatal(f"{self._path}: its setup was cut off: run 'tocsin setup'")
        return tuple(row)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
