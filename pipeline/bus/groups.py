"""Who reads what on the embedded bus: members, leases and positions, in one SQLite file.

A member is alive while its process holds the lock on the member's file, which the kernel lets go
when the process dies, and while it polls.  A partition belongs to the member with the newest
generation of its lease; every taking is a new generation, and a commit checks it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.bus.files import connect, telling, transaction
from pipeline.errors import Fatal

Place = tuple[str, int]
"""A topic and a partition of it."""

GROUPS_FILE = "groups.sqlite"
BEAT_SECONDS = 10.0  # how often a member writes that it polls; a write is one fsync
PROCESS = secrets.token_hex(8)  # tells this process from one of the same pid in another container

SCHEMA = """
CREATE TABLE IF NOT EXISTS members (
    team TEXT, slot TEXT, token TEXT, topics TEXT, beat REAL, PRIMARY KEY (team, slot));
CREATE TABLE IF NOT EXISTS leases (
    team TEXT, topic TEXT, partition INTEGER, token TEXT, generation INTEGER,
    PRIMARY KEY (team, topic, partition));
CREATE TABLE IF NOT EXISTS positions (
    team TEXT, topic TEXT, partition INTEGER, next INTEGER, PRIMARY KEY (team, topic, partition));
"""


def create_groups(folder: Path) -> None:
    """Make the file of the groups if it is not there.

    Raises:
        Fatal: it cannot be written or is damaged.
    """
    path = folder / GROUPS_FILE
    connection = connect(path, create=True)
    try:
        with telling(path), transaction(connection):
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
    finally:
        connection.close()


def forget_topic(folder: Path, topic: str) -> None:
    """Drop every group's positions in a topic whose file is made anew.

    Else the first records of the new file would pass for read.

    Raises:
        Fatal: the file cannot be written.
    """
    path = folder / GROUPS_FILE
    connection = connect(path)
    try:
        with telling(path), transaction(connection):
            connection.execute("DELETE FROM positions WHERE topic = ?", (topic,))
    finally:
        connection.close()


def committed(folder: Path, group: str) -> dict[Place, int]:
    """The next offset of each place the group has committed in.

    Raises:
        Fatal: the file cannot be read.
    """
    path = folder / GROUPS_FILE
    connection = connect(path)
    try:
        with telling(path):
            return _positions(connection, group)
    finally:
        connection.close()


def _positions(connection: sqlite3.Connection, group: str) -> dict[Place, int]:
    rows = connection.execute(
        "SELECT topic, partition, next FROM positions WHERE team = ?", (group,)
    )
    return {(topic, partition): offset for topic, partition, offset in rows}


class Membership:
    """One member of a group: a slot, and the leases it holds."""

    def __init__(
        self, folder: Path, group: str, slot: str, topics: Mapping[str, int], overdue: float
    ) -> None:
        self._path = folder / GROUPS_FILE
        self._group, self._slot = group, slot
        self._topics = topics
        self._overdue = overdue
        self._beat = 0.0
        self._token = f"{PROCESS}-{os.getpid()}-{secrets.token_hex(8)}"
        self._connection = connect(self._path)
        self._lock = _hold_lock(self._lock_path(self._token))
        with telling(self._path), transaction(self._connection):
            self._enlist()

    def renew(self) -> dict[Place, int]:
        """Take what is free and mine, give back what is another's; the generation of each I own.

        Raises:
            Fatal: another process joined with this slot, or the file is lost.
        """
        with telling(self._path), transaction(self._connection):
            alive = self._alive()
            for topic, partitions in self._topics.items():
                sharers = sorted(slot for slot, (_, topics) in alive.items() if topic in topics)
                for partition in range(partitions):
                    self._settle((topic, partition), sharers[partition % len(sharers)], alive)
            rows = self._connection.execute(
                "SELECT topic, partition, generation FROM leases WHERE team = ? AND token = ?",
                (self._group, self._token),
            ).fetchall()
        return {(topic, partition): generation for topic, partition, generation in rows}

    def _alive(self) -> dict[str, tuple[str, list[str]]]:
        """Token and topics of each slot whose member lives, myself among them."""
        rows = self._connection.execute(
            "SELECT slot, token, topics, beat FROM members WHERE team = ?", (self._group,)
        ).fetchall()
        mine = next((token for slot, token, _, _ in rows if slot == self._slot), None)
        if mine not in (None, self._token):
            raise Fatal(f"another process joined the group {self._group} as slot {self._slot}")
        now = time.monotonic()
        if mine is None or now - self._beat > min(BEAT_SECONDS, self._overdue / 4):
            self._enlist()
        alive = {self._slot: (self._token, list(self._topics))}
        for slot, token, topics, beat in rows:
            if slot == self._slot:
                continue
            if now - beat < self._overdue and self._locked(token):
                alive[slot] = (token, json.loads(topics))
            else:
                self._expel(slot, token)
        return alive

    def _enlist(self) -> None:
        """Write my row; over another of my slot, whose leases thereby lapse."""
        row = self._connection.execute(
            "SELECT token FROM members WHERE team = ? AND slot = ?", (self._group, self._slot)
        ).fetchone()
        if row and row[0] != self._token:
            self._expel(self._slot, row[0])
        self._beat = time.monotonic()  # one clock for all processes, which stands still in suspend
        self._connection.execute(
            "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?)",
            (self._group, self._slot, self._token, json.dumps(list(self._topics)), self._beat),
        )

    def _expel(self, slot: str, token: str) -> None:
        self._connection.execute(
            "DELETE FROM members WHERE team = ? AND slot = ? AND token = ?",
            (self._group, slot, token),
        )
        if token == self._token or not self._locked(token):  # if it only hung, it may come back
            self._lock_path(token).unlink(missing_ok=True)

    def _settle(
        self, place: Place, heir: str, alive: Mapping[str, tuple[str, Sequence[str]]]
    ) -> None:
        """Take the place if I am its heir and its owner is gone; leave it if I am not."""
        where = (self._group, *place)
        row = self._connection.execute(
            "SELECT token, generation FROM leases WHERE team = ? AND topic = ? AND partition = ?",
            where,
        ).fetchone()
        owner, generation = row or (None, 0)
        if heir == self._slot and owner not in {token for token, _ in alive.values()}:
            self._connection.execute(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?)",
                (*where, self._token, generation + 1),
            )
        elif heir != self._slot and owner == self._token:
            self._connection.execute(
                "UPDATE leases SET token = NULL WHERE team = ? AND topic = ? AND partition = ?",
                where,
            )

    def positions(self) -> dict[Place, int]:
        """The next offset of each place the group has committed in."""
        with telling(self._path):
            return _positions(self._connection, self._group)

    def commit(self, offsets: Mapping[Place, int], generations: Mapping[Place, int]) -> None:
        """Write the next offsets if every lease still has the generation given.

        Raises:
            Fatal: a place belongs to another member now, or the file is lost.
        """
        with telling(self._path), transaction(self._connection):
            for (topic, partition), offset in offsets.items():
                where = (self._group, topic, partition)
                row = self._connection.execute(
                    "SELECT token, generation FROM leases"
                    " WHERE team = ? AND topic = ? AND partition = ?",
                    where,
                ).fetchone()
                if row != (self._token, generations.get((topic, partition))):
                    raise Fatal(
                        f"{topic}/{partition} belongs to another member of {self._group} now"
                    )
                self._connection.execute(
                    "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)", (*where, offset)
                )

    def leave(self) -> None:
        """Give everything back, at once."""
        with telling(self._path), transaction(self._connection):
            self._connection.execute(
                "UPDATE leases SET token = NULL WHERE team = ? AND token = ?",
                (self._group, self._token),
            )
            self._expel(self._slot, self._token)
        self._connection.close()
        os.close(self._lock)

    def _lock_path(self, token: str) -> Path:
        return self._path.parent / f"member-{token}.lock"

    def _locked(self, token: str) -> bool:
        """Whether the member's process lives; a process cannot ask that of itself, see fcntl(2)."""
        if token.startswith(f"{PROCESS}-{os.getpid()}-"):
            return self._lock_path(token).exists()
        with contextlib.suppress(FileNotFoundError), self._lock_path(token).open("rb+") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def _hold_lock(path: Path) -> int:
    """Lock the file for the life of this process; its forked children do not inherit the lock."""
    with telling(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
    return descriptor
