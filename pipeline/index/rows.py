"""From a document to the rows of the embedded index and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
import zstandard

from pipeline.errors import Reject
from pipeline.index import Document
from pipeline.index.shapes import Shape, check, day, found, keyword, moment, reader
from pipeline.index.words import fold

SHIFT = 20  # bits of n below the millisecond; a million documents of one millisecond
_PACK_BYTES = 1_000  # zstd halves a story of 5 KB in 25 us and gains nothing on a fate of 400 B
_MOST_BYTES = 100_000_000  # when unpacking; SQLite itself stores up to 1 GB


@dataclass(frozen=True, slots=True)
class Row:
    """All that is stored of one document; ``keys`` and ``text`` are empty if it is not found."""

    shape: Shape
    id: str
    version: int
    place: int
    live: bool
    groups: tuple[str | None, ...]
    keys: frozenset[int]
    text: tuple[str, str] | None
    body: bytes


def row(document: Document) -> Row:
    """The rows of a document.

    Raises:
        Reject: it can never be stored.
    """
    shape = check(document)
    data = _dump(document.body)
    _validate(shape, document.body)
    time = moment(shape, document.body)
    live = found(shape, document.body)
    return Row(
        shape=shape,
        id=document.id,
        version=document.version,
        place=(time << SHIFT) | (key("id", document.id) & ((1 << SHIFT) - 1)),
        live=live,
        groups=(
            str(document.body.get("day") or day(time)),
            *(keyword(document.body.get(name)) for name in shape.groups),
        ),
        keys=keys(shape, document.body) if live else frozenset(),
        text=text(shape, document.body) if live else None,
        body=zstandard.compress(data, 3) if len(data) > _PACK_BYTES else data,
    )


def _dump(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError as error:  # NaN is written as null; lone surrogates and huge numbers are not
        raise Reject(f"it cannot be written as JSON: {error}") from None


def _validate(shape: Shape, body: Mapping[str, Any]) -> None:
    """As strict as the templates of Elasticsearch are about names and types."""
    strange = body.keys() - (set(shape.struct.__struct_encode_fields__) - {"unknown"})
    if strange:
        raise Reject(f"it has fields that the index does not know: {sorted(strange)[:5]}")
    try:
        msgspec.convert(body, shape.struct)
    except msgspec.ValidationError as error:
        raise Reject(f"a value does not fit: {error}") from None


def load(data: bytes) -> dict[str, Any]:
    """The body that was stored."""
    if not data.startswith(b"{"):
        data = zstandard.ZstdDecompressor().decompress(data, max_output_size=_MOST_BYTES)
    body: dict[str, Any] = orjson.loads(data)
    return body


def key(name: str, value: str) -> int:
    """63 bits that stand for a field having a value."""
    data = f"{name}\x1f{value}".encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest()) >> 1


def keys(shape: Shape, body: Mapping[str, Any]) -> frozenset[int]:
    """The keys under which filters find the body."""
    pairs = {(name, keyword(value)) for name, value in reader(shape.filters)(body)}
    return frozenset(key(name, value) for name, value in pairs if value is not None)


def text(shape: Shape, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """The words of title and body; None for kinds without words."""
    if not shape.title:
        return None
    title, rest = (
        "\n".join(str(value) for _, value in reader(names)(body))
        for names in (shape.title, shape.body)
    )
    return fold(title), fold(rest)
