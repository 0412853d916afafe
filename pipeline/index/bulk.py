"""Our own bulk loop: bounded requests, and each document's own answer.

The client's helpers raise on the first failed document, retry within the caller's time and do
not tell which document failed how (LIMITS.md, section 2: measured).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from pipeline.errors import Reject
from pipeline.index import Document, Kind
from pipeline.index.faults import verdict
from pipeline.index.shapes import check, moment
from pipeline.limits import BULK_BYTES, BULK_DOCUMENTS

Answer = str | Exception
Send = Callable[[bytes], Mapping[str, Any]]
"""Posts the lines of a bulk request; raises our errors."""


def put(documents: Sequence[Document], prefix: str, send: Send, server: str) -> list[Answer]:
    """One answer per document, in order.

    Raises:
        Retry: the whole request failed; what was written before stays, a repeat does no harm.
        Fatal: wrong credentials or server.
    """
    answers: dict[int, Answer] = {}
    lines: dict[int, bytes] = {}
    for number, document in enumerate(documents):
        try:
            lines[number] = line(document, prefix)
        except Reject as error:
            answers[number] = error
    for batch in batches(lines):
        answers |= _send(batch, lines, send, server)
    return [answers[number] for number in range(len(documents))]


def batches(lines: Mapping[int, bytes]) -> Iterator[list[int]]:
    """The numbers of the lines in requests of at most BULK_BYTES and BULK_DOCUMENTS."""
    batch: list[int] = []
    size = 0
    for number, data in lines.items():
        if batch and (size + len(data) > BULK_BYTES or len(batch) == BULK_DOCUMENTS):
            yield batch
            batch, size = [], 0
        batch.append(number)
        size += len(data)
    if batch:
        yield batch


def _send(
    batch: list[int], lines: Mapping[int, bytes], send: Send, server: str
) -> dict[int, Answer]:
    try:
        items = send(b"".join(lines[number] for number in batch))["items"]
    except Reject as error:  # refused whole: 413 of a proxy, or one line the server cannot parse
        if len(batch) == 1:
            return {batch[0]: error}
        half = len(batch) // 2
        parts = (batch[:half], batch[half:])
        return {k: v for part in parts for k, v in _send(part, lines, send, server).items()}
    return {
        number: verdict(item["index"], server) for number, item in zip(batch, items, strict=True)
    }


def line(document: Document, prefix: str) -> bytes:
    """The two lines that write the document if its version is higher than the stored one.

    Raises:
        Reject: it can never be stored.
    """
    shape = check(document)
    action = {
        "_index": f"{prefix}-{shape.plural}-{document.month}",
        "_id": document.id,
        "version": document.version,
        "version_type": "external",
    }
    body = _furnished(document.kind, document.body)
    body["sort_time"] = moment(shape, document.body)
    try:
        return orjson.dumps({"index": action}) + b"\n" + orjson.dumps(body) + b"\n"
    except TypeError as error:
        raise Reject(f"it cannot be written as JSON: {error}") from None


# -- what only Elasticsearch needs; the caller's document stays as it is


LANGUAGES = ("ar", "en", "es", "fr", "ru")
"""Those with an analyser; a story is analysed for its own only: 1.3 ms of the server and 8 KB of
its disk a story, where sub-fields for all five took 4 ms and 12 KB (measured)."""

DERIVED = (
    "sort_time",
    "words",
    "place.location",
    "mentions.places.location",
    "events.places.location",
)
"""The fields that are ours and no part of a document."""


def _furnished(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """With a ``location`` in each place, for maps and distances, and the words to be stemmed."""
    new = dict(body)
    if kind == "incident" and new.get("place"):
        new["place"] = _place(new["place"])
    if kind == "story":
        if new.get("mentions"):
            new["mentions"] = _places(new["mentions"])
        if new.get("events"):
            new["events"] = [_places(event) for event in new["events"]]
        if new.get("language") in LANGUAGES:
            new["words"] = {new["language"]: f"{new.get('title') or ''}\n{new.get('body') or ''}"}
    return new


def _places(holder: Any) -> Any:
    if not isinstance(holder, Mapping) or not holder.get("places"):
        return holder
    return {**holder, "places": [_place(place) for place in holder["places"]]}


def _place(place: Any) -> Any:
    if not isinstance(place, Mapping) or place.get("lat") is None or place.get("lon") is None:
        return place
    return {**place, "location": {"lat": place["lat"], "lon": place["lon"]}}
