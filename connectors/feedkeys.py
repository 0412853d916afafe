"""Which key an entry of a feed has: its own, and what to do where it is not its own alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import short_hash
from connectors.feedentry import Entry

_MOST = 500  # shared keys remembered; a feed where more are shared shares one for all
_BY_LINK, _BY_TEXT = 1, 2


def with_keys(
    entries: Sequence[Entry], state: Mapping[str, Any]
) -> tuple[list[tuple[str, Entry]], dict[str, Any]]:
    """Each entry with a key that no other has, and the state to come back with.

    Of entries that say the same the first is kept.  A key that several different entries share
    is told apart by their links, or where these are shared too by title and date; ``state``
    remembers that, so that the keys stay the same when only one of them is left in the feed.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in dict.fromkeys(entries):
        groups[entry.own_key()].append(entry)
    before = _remembered(state)
    shared: dict[str, int] = {}
    for key, group in groups.items():
        level = max(before.get(_short(key), 0), _level(group))
        if level:
            shared[_short(key)] = level
    keyed: dict[str, Entry] = {}
    for entry in dict.fromkeys(entries):
        keyed.setdefault(_key(entry, shared), entry)
    kept = {**before, **shared}
    return list(keyed.items()), {"shared": dict(list(kept.items())[-_MOST:])} if kept else {}


def _level(group: Sequence[Entry]) -> int:
    if len(group) == 1:
        return 0
    links = {entry.url for entry in group}
    return _BY_LINK if len(links) == len(group) else _BY_TEXT


def _key(entry: Entry, shared: Mapping[str, int]) -> str:
    own = entry.own_key()
    match shared.get(_short(own), 0):
        case 0:
            return own
        case 1:
            return f"{own}#{short_hash(entry.url or '')[:16]}"
        case _:
            text = (entry.url or "", entry.title, entry.published or "")
            return f"{own}#{short_hash(*text)[:16]}"


def _short(key: str) -> str:
    return short_hash(key)[:12]


def _remembered(state: Mapping[str, Any]) -> dict[str, int]:
    shared = state.get("shared")
    if not isinstance(shared, dict):
        return {}
    return {str(k): v for k, v in shared.items() if v in (_BY_LINK, _BY_TEXT)}
