"""What is known of every story of the last months: a line in memory, the record on disk."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zstandard

from connectors.base import short_hash
from pipeline import codec
from pipeline.errors import Fatal
from pipeline.events import Story
from pipeline.limits import STORY_DAYS
from pipeline.resolution.copies import Copies

GENERATION = 1
"""Of the coding: one more whenever the same page would be coded otherwise."""


@dataclass(frozen=True, slots=True)
class Known:
    """The line of one story."""

    version: int
    revision: int
    text: str
    url: str
    models: str
    published: tuple[datetime, str]
    copy_of: str | None
    state: str
    text_from: str


def version_of(story: Story) -> int:
    """The number that grows with (fetched, generation, placement); placement is the low byte."""
    return int(story.fetched.timestamp() * 1000) << 20 | GENERATION << 8


def text_of(story: Story) -> str:
    """A hash of what a reader would see change: title and body, white space apart."""
    return short_hash(" ".join(story.title.split()), " ".join(story.body.split()))


def order(story: Story) -> tuple[datetime, str]:
    """Of two copies the one first in this order is the original, whichever came here first."""
    return (story.published.time or story.first_seen.astimezone(UTC), story.id)


class Memory:
    """Everything resolve remembers; rebuilt from the resolved topic, never a source of truth."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "resolve.sqlite"
        self._pack = zstandard.ZstdCompressor(level=3)
        self._unpack = zstandard.ZstdDecompressor()
        self.recall([])

    def recall(self, stories: Iterable[Story]) -> None:
        """Forget everything and remember these instead, the latest version of each.

        Raises:
            Fatal: the folder cannot be written.
        """
        self.known: dict[str, Known] = {}
        self.aliases: dict[str, str] = {}
        self.items: dict[str, str] = {}
        self.copies = Copies()
        try:
            self._records = _fresh(self._path)
            for story in stories:
                known = self.known.get(story.id)
                if known is None or story.version >= known.version:
                    self.put(story)
        except (OSError, sqlite3.Error) as error:
            hint = "is the disk full, or the folder read-only?"
            raise Fatal(f"{self._path}: {error}; {hint}") from error

    def put(self, story: Story) -> None:
        """Remember the story as stored."""
        self.known[story.id] = Known(
            version=story.version,
            revision=story.revision,
            text=text_of(story),
            url=story.url,
            models=_models(story),
            published=order(story),
            copy_of=story.copy_of,
            state=story.state,
            text_from=story.text_from,
        )
        self.aliases.update(dict.fromkeys(story.aliases, story.id))
        self.items.update(dict.fromkeys(story.items, story.id))
        if story.state == "live":
            self.copies.put(story.id, story.body, story.first_seen)
        else:
            self.copies.forget(story.id)
        # what was forgotten is never let go, or the next poll of its page would bring it back
        until = math.inf if story.state == "forgotten" else story.fetched.timestamp()
        self._records.execute(
            "insert or replace into record values (?, ?, ?)",
            (story.id, until, self._pack.compress(codec.encode(story))),
        )

    def story(self, id: str) -> Story:
        """The record as stored.

        Raises:
            KeyError: no such story is known.
        """
        row = self._records.execute("select body from record where id = ?", (id,)).fetchone()
        if row is None:
            raise KeyError(id)
        return codec.decode(Story, self._unpack.decompress(row[0]))

    def coded_alike(self, story: Story, known: Known) -> bool:
        """Whether the same models coded it."""
        return known.models == _models(story)

    def let_go(self, newest: datetime) -> int:
        """Drop what was fetched more than 90 days before ``newest``, less the forgotten."""
        limit = (newest - timedelta(days=STORY_DAYS)).timestamp()
        rows = self._records.execute("select id from record where fetched < ?", (limit,)).fetchall()
        for (id,) in rows:
            story = self.story(id)
            del self.known[id]
            self.copies.forget(id)
            for name in story.aliases:
                self.aliases.pop(name, None)
            for name in story.items:
                self.items.pop(name, None)
        self._records.execute("delete from record where fetched < ?", (limit,))
        return len(rows)


def _models(story: Story) -> str:
    return ",".join(f"{name}={version}" for name, version in sorted(story.models.items()))


def _fresh(path: Path) -> sqlite3.Connection:
    """An empty scratch database: it is rebuilt at every start, so it need not survive a crash."""
    for name in (path, *path.parent.glob(f"{path.name}-*")):
        name.unlink(missing_ok=True)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma journal_mode = off")
    db.execute("pragma synchronous = off")
    db.execute("create table record (id text primary key, fetched real, body blob)")
    db.execute("create index by_time on record (fetched)")
    return db
