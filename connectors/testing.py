"""The conformance suite that every connector passes.

from connectors.testing import Recording, check

def test_conforms() -> None:
    check(Feed("wire", "https://..."), [Recording.of(path) for path in ...])
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from connectors.base import Answer, Connector, Cursor, Item, Polled, Rejected, SourceError

_TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)
_FLIPS = 40
_CHILD_SECONDS = 60.0
_CODE = (".py", ".pyc", ".so")
_WATCHED = ("open", "os.", "socket.", "subprocess.", "urllib.", "ftplib.", "shutil.", "sqlite3.")


@dataclass(frozen=True, slots=True)
class Recording:
    """An answer as received and what is to be read from it.

    ``items`` gives of each item the fields that are not as by default, in the feed's order;
    ``rejects`` a part of each reason.  ``reordered`` is the same answer with its entries in another
    order, ``edited`` with another title or text in each; None where the source has no such thing.
    """

    name: str
    answer: Answer
    items: Sequence[Mapping[str, Any]] = ()
    rejects: Sequence[str] = ()
    more: Sequence[str] = ()
    cursor: Cursor = field(default_factory=Cursor)
    reordered: bytes | None = None
    edited: bytes | None = None

    @classmethod
    def of(cls, path: Path) -> Recording:
        """The pair of ``path`` and the ``.json`` beside it: url, headers, items, rejects, more.

        Raises:
            OSError: one of the two is missing.
        """
        told = json.loads(path.with_suffix(".json").read_bytes())
        answer = Answer(
            url=told["url"], headers=told.get("headers", {}), body=path.read_bytes(), time=_TIME
        )
        expected = (told.get(part, ()) for part in ("items", "rejects", "more"))
        return cls(path.name, answer, *expected)


def check(connector: Connector, recordings: Sequence[Recording]) -> None:
    """Hold the connector to the contract of :mod:`connectors.base`.

    It loses nothing and repeats nothing; identity survives another order and edits; the same
    answer gives the same items; times stay as written; hostile input ends in items, rejects or
    SourceError; no file and no socket is opened.

    Raises:
        AssertionError: what does not hold, and for which recording.
    """
    for recording in recordings:
        _as_expected(connector, recording)
        _same_identity(connector, recording)
        _times_as_written(connector, recording)
        for answer in hostile(recording.answer):
            _survives(connector, answer, recording)
    _opens_nothing(connector, recordings)


def hostile(answer: Answer) -> Iterator[Answer]:
    """The answer cut at every hundredth, with bytes flipped, empty, and as an HTML page."""
    body = answer.body
    for hundredth in range(100):
        yield _with(answer, body[: len(body) * hundredth // 100])
    chance = random.Random(1)  # noqa: S311 - the same flips on every run
    for _ in range(_FLIPS if body else 0):
        flipped = bytearray(body)
        for _ in range(1 + len(body) // 500):
            flipped[chance.randrange(len(body))] = chance.randrange(256)
        yield _with(answer, bytes(flipped))
    yield _with(answer, b"<!DOCTYPE html><html><head><title>Log in</title></head><p>Log in</html>")


def _as_expected(connector: Connector, recording: Recording) -> None:
    polled = connector.read(recording.answer, recording.cursor)
    again = connector.read(recording.answer, recording.cursor)
    what = recording.name
    _equal(what, "read twice", polled, again)
    keys = [item.key for item in polled.items]
    _equal(what, "keys, each once", sorted(set(keys)), sorted(keys))
    _equal(what, "sources", {item.source for item in polled.items} - {connector.name}, set())
    _equal(what, "items", [_told(item) for item in polled.items], list(recording.items))
    reasons = [reject.reason for reject in polled.rejects]
    _equal(what, "number of rejects", len(reasons), len(recording.rejects))
    for reason, part in zip(reasons, recording.rejects, strict=True):
        _equal(what, f"{part!r} in {reason!r}", part in reason, True)
    _equal(what, "more", [request.url for request in polled.more], list(recording.more))


def _same_identity(connector: Connector, recording: Recording) -> None:
    ids = {item.id for item in connector.read(recording.answer, recording.cursor).items}
    for change in ("reordered", "edited"):
        body = getattr(recording, change)
        if body is not None:
            polled = connector.read(_with(recording.answer, body), recording.cursor)
            _equal(recording.name, f"ids when {change}", {item.id for item in polled.items}, ids)


def _times_as_written(connector: Connector, recording: Recording) -> None:
    body = recording.answer.body.replace(b"\x00", b"")
    for item in connector.read(recording.answer, recording.cursor).items:
        for text in (item.published, item.updated):
            written = text is None or text.encode("ascii", "ignore") in body
            _equal(recording.name, f"time {text!r} as written", written, True)


def _survives(connector: Connector, answer: Answer, recording: Recording) -> None:
    try:
        polled = connector.read(answer, recording.cursor)
    except SourceError as error:
        _equal(recording.name, "a SourceError says why", bool(str(error)), True)
        return
    kinds = {type(part) for part in (*polled.items, *polled.rejects)}
    _equal(recording.name, "what hostile input gives", kinds - {Item, Rejected}, set())
    keys = [item.key for item in polled.items]
    _equal(recording.name, "keys of hostile input, each once", len(set(keys)), len(keys))
    msgspec.json.encode(polled)  # it must go on the bus


def _opens_nothing(connector: Connector, recordings: Sequence[Recording]) -> None:
    """In a child, since an audit hook stays for the life of its process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_watched, args=(theirs, connector, recordings), daemon=True)
    child.start()
    theirs.close()
    try:
        opened = ours.recv() if ours.poll(_CHILD_SECONDS) else ["no end within the deadline"]
    except EOFError:
        opened = ["the child died"]
    finally:
        child.kill()
        child.join()
    _equal(connector.name, "files and sockets opened", opened, [])


def _watched(pipe: Any, connector: Connector, recordings: Sequence[Recording]) -> None:
    seen: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event.startswith(_WATCHED):
            what = str(arguments[0]) if arguments else ""
            if not what.endswith(_CODE):  # a module imported late
                seen.append(f"{event} {what[:200]}")

    sys.addaudithook(hook)
    _ask_and_read(connector, recordings)
    watching = True
    _ask_and_read(connector, recordings)
    watching = False
    pipe.send(seen)


def _ask_and_read(connector: Connector, recordings: Sequence[Recording]) -> None:
    connector.ask(Cursor())
    for recording in recordings:
        connector.ask(recording.cursor)
        for answer in (recording.answer, *islice(hostile(recording.answer), 0, None, 20)):
            _read(connector, answer, recording.cursor)


def _read(connector: Connector, answer: Answer, cursor: Cursor) -> Polled:
    try:
        return connector.read(answer, cursor)
    except SourceError:
        return Polled()


def _with(answer: Answer, body: bytes) -> Answer:
    return msgspec.structs.replace(answer, body=body)


def _told(item: Item) -> dict[str, Any]:
    """The fields that differ from the default, as JSON has them."""
    plain: dict[str, Any] = json.loads(msgspec.json.encode(item))
    default = json.loads(msgspec.json.encode(Item(source=item.source, key=item.key)))
    return {"key": item.key} | {k: v for k, v in plain.items() if v != default[k] and k != "id"}


def _equal(what: str, of: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise AssertionError(f"{what}: {of}:\n got    {got!r}\n wanted {wanted!r}")
