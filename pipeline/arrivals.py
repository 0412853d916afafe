"""What is said of one poll: its items, its dead letters, its fates and where the source stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from connectors.base import Cursor, Item, Rejected, SourceError, short_hash
from pipeline import codec
from pipeline.bus import Message
from pipeline.errors import Retry, TocsinError
from pipeline.events import Fate, FateState, SourceState
from pipeline.limits import BACKOFF_SECONDS, MESSAGE_BYTES, SOURCE_KEYS
from pipeline.stages.poll import Taken, reject_id, take
from pipeline.topology import FATES, ITEMS, key_of
from pipeline.urls import is_http

LEAST_SECONDS = 1.0  # before a source that wishes to be asked at once is asked again
MOST_SHOWN = 100_000  # bytes of an item in its dead letter


@dataclass(slots=True)
class Gathered:
    """What the answers of one poll brought until now."""

    cursor: Cursor
    items: list[Item] = field(default_factory=list)
    rejects: list[Rejected] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    not_before: datetime | None = None


def failed(
    state: SourceState, error: Exception, now: datetime, interval: float
) -> tuple[SourceState, Fate]:
    """The source asked in vain: it waits longer each time, a day at most, and never ends."""
    errors = state.errors + 1
    wait = max(min(interval * 2 ** min(errors, 20), BACKOFF_SECONDS), interval)
    if isinstance(error, Retry) and error.after:
        wait = max(wait, error.after)
    due, problem = now + timedelta(seconds=wait), _said(error)
    state = msgspec.structs.replace(state, polled=now, due=due, errors=errors, problem=problem)
    return state, _poll(state.source, now, outcome="failed", detail=problem)


def arrived(
    state: SourceState, gathered: Gathered, now: datetime, interval: float, version: str
) -> tuple[list[Message], SourceState, Fate]:
    """The messages for what is new, the source's new state, and what the poll showed."""
    items, rejects = _fit(gathered)
    taken = take(items, rejects, state.keys, int(now.timestamp() // 86_400))
    fate = _poll(
        state.source,
        now,
        outcome="polled",
        shown=taken.known + len(taken.new) + len(taken.rejects),
        known=taken.known,
        again=taken.again,
        new=[item.id for item in taken.new],
        rejected=[reject_id(state.source, reject) for reject in taken.rejects],
        detail=_text("; ".join(gathered.problems)) or None,
    )
    messages = [message for item in taken.new for message in _new(item, fate)]
    for reject in taken.rejects:
        messages += _dead(reject_id(fate.source, reject), reject, fate, version)
    return messages, _moved(state, gathered, taken, now, interval), fate


def refused(message: Message, why: Exception, poll: Fate, version: str) -> list[Message]:
    """The dead letter of an item that the bus did not take, told after it was seen."""
    later = msgspec.structs.replace(poll, time=poll.time + timedelta(microseconds=1))
    reject = Rejected(reason=f"the bus refused it: {why}", data=(message.value or b"")[:MOST_SHOWN])
    return _dead(message.headers["item"], reject, later, version)


def _moved(
    state: SourceState, gathered: Gathered, taken: Taken, now: datetime, interval: float
) -> SourceState:
    return msgspec.structs.replace(
        state,
        cursor=gathered.cursor,
        keys=_newest(taken.keys),
        polled=now,
        due=_due(gathered.not_before, now, interval),
        last_new=now if taken.new else state.last_new,
        errors=0,
        problem=_text("; ".join(gathered.problems)) or None,
    )


def _due(wish: datetime | None, now: datetime, interval: float) -> datetime:
    """When the connector wishes, but neither at once for ever nor never."""
    if wish is None:
        return now + timedelta(seconds=interval)
    seconds = (wish - now).total_seconds()
    return now + timedelta(seconds=min(max(seconds, LEAST_SECONDS), BACKOFF_SECONDS))


def _newest(keys: dict[str, tuple[str, int, int]]) -> dict[str, tuple[str, int, int]]:
    """Those shown last: a source that makes its keys anew would fill memory and bus."""
    if len(keys) <= SOURCE_KEYS:
        return keys
    return dict(sorted(keys.items(), key=lambda key: key[1][2])[-SOURCE_KEYS:])


def _fit(gathered: Gathered) -> tuple[list[Item], list[Rejected]]:
    """The items, less those that cannot go on the bus, which join the rejects."""
    items: list[Item] = []
    rejects = list(gathered.rejects)
    for item in gathered.items:
        reject = _unfit(item)
        if reject is None:
            items.append(item)
        else:
            rejects.append(reject)
    return items, rejects


def _unfit(item: Item) -> Rejected | None:
    """The item as an entry that cannot go on the bus, if so.

    Its date is left out: feeds make it anew, and each other entry would be a letter of its own.
    """
    try:
        data = codec.encode(msgspec.structs.replace(item, published=None))
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        shown = "\n".join((item.key, item.url or "", item.title))
        data = shown.encode("utf-8", "backslashreplace")
        return Rejected(reason=f"it cannot be written as JSON: {error}", data=data[:MOST_SHOWN])
    if not (item.url is None or item.url.startswith("file:") or is_http(item.url)):
        reason = "its address is not an http, https or file URL"
    elif len(data) > MESSAGE_BYTES * 0.9:
        reason = f"it has {len(data)} bytes, more than the bus takes"
    else:
        return None
    return Rejected(reason=reason, data=data[:MOST_SHOWN])


def _new(entry: Item, poll: Fate) -> list[Message]:
    item = msgspec.structs.replace(entry, poll=poll.id, seen=poll.time)
    message = Message(ITEMS, key_of(item), codec.encode(item), _context(item.id, poll, item.url))
    return [message, _seen(item.id, poll, "seen", "waiting", url=item.url)]


def _dead(id: str, reject: Rejected, poll: Fate, version: str) -> list[Message]:
    time, reason = poll.time.isoformat(), _text(reject.reason)
    headers = {
        **_context(id, poll, None),
        "topic": "",
        "stage": "poll",
        "class": "Rejected",
        "error": reason,
        "where": "",
        "attempt": "1",
        "first": time,
        "last": time,
        "version": version,
    }
    letter = Message("poll.dead", poll.source, reject.data[: MESSAGE_BYTES // 2], headers)
    return [letter, _seen(id, poll, "dead", "dead", detail=reason)]


def _context(item: str, poll: Fate, url: str | None) -> dict[str, str]:
    context = {"item": item, "source": poll.source, "poll": poll.id, "day": poll.day}
    return context | {"url": url} if url else context


def _seen(
    item: str,
    poll: Fate,
    outcome: str,
    state: FateState,
    *,
    url: str | None = None,
    detail: str | None = None,
) -> Message:
    fate = Fate(
        id=item,
        source=poll.source,
        url=url,
        poll=poll.id,
        day=poll.day,
        stage="poll",
        time=poll.time,
        outcome=outcome,
        state=state,
        detail=detail,
    )
    return Message(FATES, item, codec.encode(fate))


def _said(error: Exception) -> str:
    """What the error says; its type too where it was not raised on purpose."""
    meant = isinstance(error, SourceError | TocsinError) and str(error)
    return _text(str(error) if meant else f"{type(error).__name__}: {error}")


def _text(text: str) -> str:
    """At most 500 characters that every bus takes: a lone surrogate is none."""
    return text[:500].encode("utf-8", "backslashreplace").decode()


def _poll(source: str, now: datetime, **more: object) -> Fate:
    id = short_hash("poll", source, now.isoformat())
    fields = {"kind": "poll", "id": id, "poll": id, "source": source, "day": f"{now:%Y-%m-%d}"}
    return msgspec.convert({**fields, "stage": "poll", "time": now, **more}, Fate)
