"""Records to bytes and back, over versions."""

from __future__ import annotations

import json

import msgspec
import pytest

from pipeline import codec
from pipeline.contracts import KINDS
from pipeline.errors import Fatal, Reject
from pipeline.events import Article, Item, Story
from tests import records


def changed(record: msgspec.Struct, **fields: object) -> bytes:
    """The record's bytes with these fields set."""
    return json.dumps({**json.loads(codec.encode(record)), **fields}).encode()


def test_a_record_comes_back_as_it_was() -> None:
    """Encoding and decoding change nothing."""
    for record in (records.item(), records.page(), records.article(), records.story()):
        assert codec.decode(type(record), codec.encode(record)) == record


def test_an_unknown_field_of_a_newer_minor_version_goes_through() -> None:
    """What newer code added is there again when older code writes the record on."""
    data = changed(records.item(), schema="item.v1.3", tone="grim", nested={"a": [1]})
    again = json.loads(codec.encode(codec.decode(Item, data)))
    assert again["tone"] == "grim"
    assert again["nested"] == {"a": [1]}
    assert again["title"] == records.item().title


def test_a_record_made_of_another_carries_its_unknown_fields_but_not_over_its_own() -> None:
    """The fields travel from stage to stage and never replace a field of the later record."""
    article = codec.carrying(records.article(), {"tone": "grim", "title": "forged"})
    data = codec.encode(article)
    assert json.loads(data)["tone"] == "grim"
    assert json.loads(data)["title"] == records.article().title
    assert codec.carried(codec.decode(Article, data, carries=True)) == {"tone": "grim"}
    assert "tone" not in codec.stripped(article)


def test_a_newer_major_version_stops_the_process() -> None:
    """Even when the record could be read: its fields may mean something else."""
    for fields in ({}, {"title": 7}):
        with pytest.raises(Fatal, match="upgrade this process"):
            codec.decode(Story, changed(records.story(), schema="story.v2.0", **fields))


def test_an_older_record_is_read() -> None:
    """Fields that came later have their defaults."""
    plain = json.loads(codec.encode(records.story()))
    for late in ("aliases", "similarity", "models", "schema"):
        del plain[late]
    assert codec.decode(Story, json.dumps(plain).encode()).aliases == ()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema": 3}', b'{"id": 1}', b"[" * 5000]
)
def test_bytes_that_are_no_record_are_rejected(data: bytes) -> None:
    """They are dead letters, never a crash."""
    with pytest.raises(Reject):
        codec.decode(Story, data)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_names_its_schema(kind: type[msgspec.Struct]) -> None:
    """Name and version, as in ``story.v1.0``."""
    name, _, version = codec.schema_of(kind).partition(".v")
    assert name
    assert version == "1.0"
