"""What documents of each kind look like to both adapters: what is text, filter, group and time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from pipeline.errors import Reject
from pipeline.events import Fate, Incident, Story
from pipeline.index import Document, Kind, Query
from pipeline.limits import ID_BYTES, KEYWORD_CHARS

_MONTH = re.compile(r"[0-9]{4}\.[0-9]{2}")
_LAST = 2**43 - 1  # ms since 1970 in the year 2248; what is dated outside is sorted at the ends


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of document.

    ``filters`` are the fields that ``match`` knows, ``groups`` those that ``count`` knows besides
    ``day``, ``times`` where the time is found, the best first.  ``hides``: only live documents are
    found.  ``daily``: since and until bound the field ``day``, which is that of the account and
    need not be that of the time.
    """

    kind: Kind
    plural: str
    struct: type[msgspec.Struct]
    filters: frozenset[str]
    groups: tuple[str, ...]
    times: tuple[str, ...]
    title: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    hides: bool = False
    daily: bool = False


def _under(prefix: str, names: str) -> set[str]:
    return {f"{prefix}{name}" for name in names.split()}


_ACTOR = "name canonical id kind country"
_PLACE = "name canonical geonames admin1 country precision"
_CLAIM = (
    "id effect stance blamed speaker.canonical speaker.kind speaker.country victims.kind"
    " victims.side"
)
_FATE = "id kind source day url story poll stage outcome state reason"

SHAPES: Mapping[Kind, Shape] = {
    "story": Shape(
        kind="story",
        plural="stories",
        struct=Story,
        filters=frozenset(
            _under(
                "",
                "id url source publisher language authors categories copy_of canonical aliases"
                " item items incidents text_from status published.basis published.precision"
                " relevance.relevant",
            )
            | _under("events.", "id type subtype mode cameo plover.event plover.mode means")
            | _under("events.actors.", _ACTOR + " role")
            | _under("events.places.", _PLACE)
            | _under("events.claims.", _CLAIM)
            | _under("claims.", _CLAIM)
            | _under("mentions.actors.", _ACTOR)
            | _under("mentions.places.", _PLACE)
        ),
        groups=("source", "publisher", "language", "state", "text_from", "status"),
        times=("published.time", "first_seen"),
        title=("title",),
        body=("body",),
        hides=True,
    ),
    "incident": Shape(
        kind="incident",
        plural="incidents",
        struct=Incident,
        filters=frozenset(
            _under("", "id type subtype country")
            | _under("place.", _PLACE)
            | _under("stories.", "id source")
            | _under("actors.", _ACTOR)
            | _under("ledger.", "id effect stance speaker.canonical speaker.country")
        ),
        groups=("type", "subtype", "country", "state"),
        times=("first_seen",),
        title=("stories.title",),
        body=("place.name", "place.canonical", "actors.name", "actors.canonical"),
        hides=True,
    ),
    "item": Shape(
        kind="item",
        plural="items",
        struct=Fate,
        filters=frozenset(_under("", _FATE)),
        groups=("kind", "source", "stage", "outcome", "state", "reason"),
        times=("time",),
        daily=True,
    ),
    "fate": Shape(
        kind="fate",
        plural="fates",
        struct=Fate,
        filters=frozenset(_under("", _FATE)),
        groups=("kind", "source", "stage", "outcome", "state", "reason"),
        times=("time",),
        daily=True,
    ),
}


def check(document: Document) -> Shape:
    """The document's shape.

    Raises:
        Reject: its id, version or month can never be stored.
    """
    if not 0 < len(document.id.encode("utf-8", "replace")) <= ID_BYTES:
        raise Reject(f"its id must be 1 to {ID_BYTES} bytes long")
    if not 0 <= document.version < 2**63:
        raise Reject(f"its version {document.version} is not within 0 and 2^63")
    if not _MONTH.fullmatch(document.month):
        raise Reject(f"its month {document.month[:20]!r} is not like 2026.02")
    return SHAPES[document.kind]


def ended(month: str) -> date | None:
    """The first day after the month, None for what is no month."""
    if not _MONTH.fullmatch(month) or not 1 <= int(month[5:]) <= 12:
        return None
    year, number = int(month[:4]), int(month[5:])
    return date(year + number // 12, number % 12 + 1, 1) if 0 < year < 9_999 else None


def check_fields(shape: Shape, asked: Query, by: tuple[str, ...] = ()) -> None:
    """Refuse fields that the index does not know.

    Raises:
        ValueError: names the field and those that are known.
    """
    _known("filter by", asked.match, sorted(shape.filters))
    _known("count by", by, ["day", *shape.groups])


def _known(verb: str, wanted: Any, known: list[str]) -> None:
    for name in wanted:
        if name not in known:
            raise ValueError(f"cannot {verb} {str(name)[:80]!r}; known are {', '.join(known)}")


def found(shape: Shape, body: Mapping[str, Any]) -> bool:
    """Whether searches may find the document."""
    return not shape.hides or body.get("state", "live") == "live"


# -- fields


Reader = Callable[[Mapping[str, Any]], Iterator[tuple[str, Any]]]


@cache
def reader(names: tuple[str, ...] | frozenset[str]) -> Reader:
    """A function that gives every value of the dotted fields, through lists, in one walk."""
    tree: dict[str, Any] = {}
    for name in sorted(names):
        *path, last = name.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = name
    return lambda body: _walk(body, tree)


def _walk(value: Any, node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _walk(one, node)
    elif isinstance(node, str):
        yield node, value
    elif isinstance(value, Mapping):
        for name, below in node.items():
            inner = value.get(name)
            if inner is not None:
                yield from _walk(inner, below)


def keyword(value: Any) -> str | None:
    """The value as filters see it; None for what is unknown or over KEYWORD_CHARS."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = None if value is None else str(value)
    return text if text is not None and len(text) <= KEYWORD_CHARS else None


# -- time


def moment(shape: Shape, body: Mapping[str, Any]) -> int:
    """The document's time in milliseconds since 1970, by which it is sorted and bounded.

    Raises:
        Reject: it has none.
    """
    values = dict(reader(shape.times)(body))
    for name in shape.times:
        if (value := values.get(name)) is not None:
            return milliseconds(_read_time(name, value))
    raise Reject(f"none of {', '.join(shape.times)} is given")


def _read_time(name: str, value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Reject(f"its {name} {str(value)[:40]!r} is not a time") from None


def milliseconds(time: datetime) -> int:
    """Since 1970, within the years 1970 to 2248; without an offset it is UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return min(max(since // timedelta(milliseconds=1), 0), _LAST)


def day(moment: int) -> str:
    """The UTC day of the milliseconds, as ``2026-02-27``."""
    return f"{datetime(1970, 1, 1) + timedelta(milliseconds=moment):%Y-%m-%d}"


def span(query: Query) -> tuple[int, int]:
    """The first and the last millisecond that the query wants."""
    first = milliseconds(query.since) if query.since else 0
    last = milliseconds(query.until) if query.until else _LAST
    return first, last
