"""Retention: what is older than it is kept goes, a bounded step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Protocol

from pipeline.index import Index, Kind
from pipeline.limits import FATE_DAYS

Dropped = tuple[str, int]
"""What went in one step, and how many documents it held."""


class KeptIndex(Index, Protocol):
    """An index that can also let go of what is old; both adapters do."""

    def drop(self, kind: Kind, before: date, *, dry: bool = False) -> Iterator[Dropped]:
        """Delete the documents of the days before, a step each; ``dry`` only says which.

        The day is that of the account for items and fates, that of first_seen for the others.

        Raises:
            Retry: the index cannot do it now.
            Fatal: as for put.
        """


def out_of_date(
    index: KeptIndex, story_days: int, now: datetime, *, dry: bool = False
) -> Iterator[Dropped]:
    """Delete items and fates older than FATE_DAYS, and stories unless ``story_days`` is 0.

    Raises:
        Retry, Fatal: see :meth:`KeptIndex.drop`.
    """
    days: dict[Kind, int] = {"fate": FATE_DAYS, "item": FATE_DAYS, "story": story_days}
    for kind, kept in days.items():
        if kept:
            yield from index.drop(kind, (now - timedelta(days=kept)).date(), dry=dry)
