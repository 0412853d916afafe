"""Records to bytes and back; the one place that knows of schema versions.

A record names its schema as ``story.v1.0``.  Minor versions add optional top-level fields: older
code carries them on in ``unknown``.  A newer major stops the process before it commits.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from pipeline.errors import Fatal, Reject

R = TypeVar("R", bound=msgspec.Struct)

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding hostile bytes may raise."""

CARRIES = "carries"
"""Header of a message whose record carries fields of a newer minor version."""


def encode(record: msgspec.Struct) -> bytes:
    """The record as JSON, the fields it carries beside its own."""
    return msgspec.json.encode(builtins(record) if carried(record) else record)


def builtins(record: msgspec.Struct) -> dict[str, Any]:
    """The record as plain JSON values, the fields it carries beside its own."""
    plain = _plain(record)
    foreign: dict[str, Any] = plain.pop("unknown", {})
    return foreign | plain


def stripped(record: msgspec.Struct) -> dict[str, Any]:
    """The record as plain JSON values without what it only carries."""
    plain = _plain(record)
    plain.pop("unknown", None)
    return plain


def _plain(record: msgspec.Struct) -> dict[str, Any]:
    """As a reader of the bytes sees it: lists, not tuples; texts, not times."""
    return msgspec.json.decode(msgspec.json.encode(record), type=dict[str, Any])


def carried(record: msgspec.Struct) -> dict[str, Any]:
    """The fields of a newer minor version that the record carries."""
    unknown = getattr(record, "unknown", msgspec.UNSET)
    return unknown if isinstance(unknown, dict) else {}


def carrying(record: R, unknown: dict[str, Any]) -> R:
    """The record with these fields carried on, except those it has itself."""
    own = set(record.__struct_fields__)
    foreign = {name: value for name, value in unknown.items() if name not in own}
    return msgspec.structs.replace(record, unknown=foreign) if foreign else record


def decode(kind: type[R], data: bytes, *, carries: bool = False) -> R:
    """The record of this kind in the bytes; ``carries`` says that it may have foreign fields.

    Raises:
        Reject: not a record of this kind.
        Fatal: written by a newer major version.
    """
    try:
        record = msgspec.json.decode(data, type=kind)
    except UNREADABLE as error:
        _check_version(kind, _schema_in(data))
        raise Reject(f"not a readable {kind.__name__}: {error}") from error
    newer = _check_version(kind, getattr(record, "schema", ""))
    if not (newer or carries):
        return record
    return carrying(record, msgspec.json.decode(data, type=dict[str, Any]))


def schema_of(kind: type[msgspec.Struct]) -> str:
    """The schema and version that this code writes for the kind."""
    name: str = kind.__struct_defaults__[kind.__struct_fields__.index("schema")]
    return name


def _schema_in(data: bytes) -> str:
    class Named(msgspec.Struct):
        schema: str = ""

    try:
        return msgspec.json.decode(data, type=Named).schema
    except UNREADABLE:
        return ""


def _check_version(kind: type[msgspec.Struct], schema: str) -> bool:
    """Whether a newer minor version wrote it."""
    ours, theirs = _parts(schema_of(kind)), _parts(schema)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return False
    if theirs[1] > ours[1]:
        raise Fatal(
            f"a {schema} record is on the bus and this version reads {ours[0]}.v{ours[1]}: "
            "upgrade this process; nothing was committed"
        )
    return theirs[1:] > ours[1:]


def _parts(schema: str) -> tuple[str, int, int] | None:
    """Name, major and minor of ``story.v1.0``."""
    name, _, version = schema.partition(".v")
    major, _, minor = version.partition(".")
    if not (major.isdigit() and (minor or "0").isdigit()):
        return None
    return name, int(major), int(minor or 0)
