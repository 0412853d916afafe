"""What a connector is: the one file its author must read."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

Status = Literal["usable", "corrected", "killed", "withheld"]
"""What a wire says of an entry; a feed's entries are ``usable``."""


def short_hash(*parts: str) -> str:
    """The first 128 bits of SHA-256 over the parts, as 32 hex digits; the basis of every id."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as the source gave it.  Contract: ``schemas/item.v1.json``.

    ``key`` is the entry's own identity within its source and never changes when the entry is
    edited.  ``title``, ``body`` and ``summary`` are plain text or HTML as received; ``published``
    and ``updated`` are as written, unparsed.  ``seen`` is set by the poll stage (UTC).
    """

    schema: str = "item.v1.0"
    id: str = ""
    source: str
    key: str
    url: str | None = None
    title: str = ""
    body: str | None = None
    summary: str | None = None
    published: str | None = None
    updated: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    provider: str | None = None
    status: Status = "usable"
    embargo: str | None = None
    extra: dict[str, Any] = {}
    poll: str | None = None
    seen: datetime | None = None
    unknown: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if not self.id:
            msgspec.structs.force_setattr(self, "id", short_hash("item", self.source, self.key))


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next poll of a source resumes; the pipeline keeps it, only the connector reads it.

    ``etag`` and ``modified`` are the validators of the source's own URL; ``state`` is whatever
    small JSON object the connector wants back.
    """

    etag: str | None = None
    modified: str | None = None
    state: dict[str, Any] = {}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask; the scheme of ``url`` picks the transport, ``credentials`` names a secret."""

    url: str
    headers: dict[str, str] = {}
    credentials: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came: ``status`` as in HTTP, header names in lower case, ``url`` after redirects.

    ``body`` is decompressed; ``time`` is when the last byte came (UTC).  Status 304 has no body.
    """

    url: str
    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""
    time: datetime


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that could not be read, with the reason and its bytes."""

    reason: str
    data: bytes


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer brought.

    ``items`` holds every entry the source shows, not only the new ones: what was seen before is
    the pipeline's knowledge.  ``more`` are further requests of the same poll.
    """

    items: tuple[Item, ...] = ()
    rejects: tuple[Rejected, ...] = ()
    more: tuple[Request, ...] = ()
    cursor: Cursor = Cursor()
    not_before: datetime | None = None


class SourceError(Exception):
    """The answer as a whole could not be read; the cursor stays where it is."""


class Connector(Protocol):
    """One configured source.  It never sleeps, publishes or opens a socket or a file."""

    @property
    def name(self) -> str:
        """The source's name, unique among all sources."""

    def ask(self, cursor: Cursor) -> Request:
        """What to ask now."""

    def read(self, answer: Answer, cursor: Cursor) -> Polled:
        """What the answer says.

        Raises:
            SourceError: nothing in it can be read.
        """
