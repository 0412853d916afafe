"""The index: documents by id and version, found by words and filters.

Adapters: :mod:`pipeline.index.embedded` (SQLite FTS5, the default) and
:mod:`pipeline.index.elastic`.  Both pass ``tests/contracts/test_index.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Kind = Literal["story", "incident", "item", "fate"]
"""``item``: the latest fate of each item and poll; ``fate``: every step, kept for 30 days."""


@dataclass(frozen=True, slots=True)
class Document:
    """What to store: ``body`` as plain JSON values, ``month`` (``2026.02``) picks the index."""

    kind: Kind
    id: str
    version: int
    month: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """What to find: all given conditions hold; newest first, or best first with ``ranked``.

    ``text`` is words and "quoted phrases" over title and body; ``since`` and ``until`` bound the
    publication time (first_seen where it is unknown; the day for fates and items); ``match``
    maps a field of the document, dots for depth, to one wanted value (``mentions.places.country``).
    Stories and incidents that are not live are never found.
    """

    kind: Kind = "story"
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    match: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = 10
    ranked: bool = False


class Index(Protocol):
    """Where people search."""

    def setup(self) -> Sequence[str]:
        """Create or upgrade templates and aliases; what was changed, one sentence each.

        Raises:
            Fatal: the index cannot be had or is too old, with what to do.
        """

    def put(self, documents: Sequence[Document]) -> Sequence[str | Exception]:
        """Upsert each if its version is higher than the stored one.

        For each, in order: ``created``, ``updated``, ``unchanged`` (an equal or newer version is
        there), or Reject with the reason, or Retry.

        Raises:
            Retry: the index cannot take anything now; ``after`` seconds if known.
            Fatal: wrong credentials, wrong server.
        """

    def get(self, kind: Kind, id: str) -> Mapping[str, Any] | None:
        """The document, live or not."""

    def search(self, query: Query) -> Iterator[Mapping[str, Any]]:
        """The documents found, at most ``limit``, all of them when it is None."""

    def count(self, query: Query, by: Sequence[str]) -> Mapping[tuple[str, ...], int]:
        """How many documents there are for each combination of the fields ``by``."""

    def close(self) -> None:
        """Let go of files and sockets."""
