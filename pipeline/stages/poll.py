"""What of an answer is new: the memory of one source, without I/O and without a clock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.base import Item, Rejected, short_hash
from pipeline.limits import KEY_DAYS

Keys = Mapping[str, tuple[str, int, int]]
"""Short hash of a key to content hash, day first seen, day last shown (days since 1970)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The entries of one poll, judged: ``new`` and ``rejects`` are those not told before.

    ``known`` entries were here before as they are; ``again`` of them first came on an earlier day
    and were not shown yet today.
    """

    new: tuple[Item, ...]
    rejects: tuple[Rejected, ...]
    known: int
    again: int
    keys: dict[str, tuple[str, int, int]]


def take(items: Iterable[Item], rejects: Iterable[Rejected], keys: Keys, day: int) -> Taken:
    """Tell new and changed entries from known ones; there is no date watermark.

    A key is remembered while the source lists it and for 90 days after.  Of entries with the same
    key in one poll the first counts.
    """
    shown: dict[str, Item | Rejected] = {}
    entries: list[Item | Rejected] = [*items, *rejects]
    for entry in entries:
        shown.setdefault(_key(entry), entry)
    known = {key for key, entry in shown.items() if keys.get(key, ("",))[0] == content(entry)}
    fresh = [entry for key, entry in shown.items() if key not in known]
    kept = {key: entry for key, entry in keys.items() if day - entry[2] <= KEY_DAYS}
    for key, entry in shown.items():
        kept[key] = (content(entry), keys[key][1] if key in keys else day, day)
    return Taken(
        new=tuple(entry for entry in fresh if isinstance(entry, Item)),
        rejects=tuple(entry for entry in fresh if isinstance(entry, Rejected)),
        known=len(known),
        again=sum(1 for key in known if keys[key][1] < day and keys[key][2] < day),
        keys=kept,
    )


def content(entry: Item | Rejected) -> str:
    """A hash of what an edit of the entry would change; not the date, which feeds make anew."""
    if isinstance(entry, Rejected):
        return _data_hash(entry)[:12]
    parts = (entry.url, entry.title, entry.body, entry.summary, entry.updated, entry.status)
    return short_hash(*(part or "" for part in parts))[:12]


def reject_id(source: str, reject: Rejected) -> str:
    """The id of an entry that could not be read, the same each time the source shows it."""
    return short_hash("reject", source, _data_hash(reject))


def _key(entry: Item | Rejected) -> str:
    key = entry.key if isinstance(entry, Item) else f"reject {_data_hash(entry)}"
    return short_hash(key)[:16]


def _data_hash(reject: Rejected) -> str:
    return hashlib.sha256(reject.data).hexdigest()
