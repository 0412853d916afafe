"""Counts and fates close the account; what does not fit is told and harms nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.errors import Reject
from pipeline.index import Query
from tests.contracts.index_samples import fate, incident, item, story, told
from tests.contracts.indexes import Shelf


def test_the_account(shelf: Shelf) -> None:
    """Items count by source, day and state, by their latest fate only."""
    shelf.put(item("a", 1, state="waiting"), item("b"), item("c", source="vorne-post"))
    shelf.put(item("a", 2), item("d", state="dropped", reason="robots", day="2026-02-21"))
    asked = Query(kind="item")
    assert shelf.index.count(asked, ("source", "day", "state")) == {
        ("tarsk-post", "2026-02-20", "stored"): 2,
        ("vorne-post", "2026-02-20", "stored"): 1,
        ("tarsk-post", "2026-02-21", "dropped"): 1,
    }
    assert shelf.index.count(asked, ("state", "reason")) == {
        ("stored", ""): 3,
        ("dropped", "robots"): 1,
    }
    day = datetime(2026, 2, 21, 15)
    assert shelf.index.count(replace(asked, since=day, until=day), ("state",)) == {("dropped",): 1}
    only = replace(asked, match={"source": "vorne-post"})
    assert shelf.index.count(only, ("day",)) == {("2026-02-20",): 1}
    assert shelf.index.count(only, ()) == {(): 1}


def test_counts_of_stories(shelf: Shelf) -> None:
    """Stories count by their fields and publication day, under words and filters."""
    shelf.put(story("a"), story("b", after=24), story("c", language="fr", title="Des obus"))
    assert shelf.index.count(Query(), ("day", "language")) == {
        ("2026-02-20", "en"): 1,
        ("2026-02-21", "en"): 1,
        ("2026-02-20", "fr"): 1,
    }
    assert shelf.index.count(Query(text="barrage"), ("language",)) == {("en",): 2}


def test_the_fates_of_an_item(shelf: Shelf) -> None:
    """Each step is kept, found by the item, newest first."""
    steps = [
        fate(f"f{n}", of="x", stage=stage, time=datetime.now(UTC) + timedelta(seconds=n))
        for n, stage in enumerate(("fetch", "extract", "enrich"))
    ]
    shelf.put(*steps, fate("other", of="y"))
    found = shelf.index.search(Query(kind="fate", match={"id": "x"}))
    assert [body["stage"] for body in found] == ["enrich", "extract", "fetch"]


# -- what cannot be stored


BROKEN: list[dict[str, Any]] = [
    {"fetched": "yesterday"},
    {"revision": "many"},
    {"revision": "1"},
    {"events": [{"id": 3, "type": {"a": 1}}]},
    {"colour": "red"},
    {"unknown": {"colour": "red"}},
    {"published": {"time": "soon"}, "first_seen": None},
    {"title": "\ud800"},
    {"similarity": 10**400},
]


def test_one_that_does_not_fit_is_rejected_alone(shelf: Shelf) -> None:
    """A value of the wrong type or an unknown field rejects its document; the others are stored."""
    bad = story("bad")
    wrong = [replace(bad, body={**bad.body, **broken}) for broken in BROKEN]
    first, *middle, last = shelf.put(story("a"), *wrong, story("b"))
    assert [first, last] == ["created", "created"]
    for answer, broken in zip(middle, BROKEN, strict=True):
        assert isinstance(answer, Reject), broken
        assert len(str(answer)) > 10
    assert sorted(shelf.ids()) == ["a", "b"]


def test_ids_months_and_versions_are_checked(shelf: Shelf) -> None:
    """What no index could hold is rejected before anything is sent."""
    good = story("good")
    answers = shelf.put(
        replace(good, id=""),
        replace(good, id="x" * 600),
        replace(good, month="../2026"),
        replace(good, version=-1),
        good,
    )
    assert [type(answer) for answer in answers] == [Reject, Reject, Reject, Reject, str]


def test_long_values(shelf: Shelf) -> None:
    """A keyword of 100,000 characters and a body of 200,000 are stored whole and given back."""
    long = story(
        "long",
        url="https://news.example/" + "я" * 100_000,
        body="Снаряд упал. " * 15_000 + "последнееслово",
        categories=("c" * 40_000, "short"),
    )
    assert shelf.put(long) == ["created"]
    assert shelf.index.get("story", "long") == long.body
    assert shelf.ids(text="последнееслово") == ["long"]
    assert shelf.ids(match={"categories": "short"}) == ["long"]
    assert shelf.ids(match={"categories": "c" * 40_000}) == []


def test_everything_a_story_says_comes_back(shelf: Shelf) -> None:
    """A document is given back as it was put, nothing added, for every kind."""
    recent = fate("f", time=datetime.now(UTC))  # older ones are not kept
    for document in (told("a"), incident("i"), item("x"), recent):
        assert shelf.put(document) == ["created"]
        assert shelf.index.get(document.kind, document.id) == document.body
        assert list(shelf.index.search(Query(kind=document.kind))) == [document.body]
