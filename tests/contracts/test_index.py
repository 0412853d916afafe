"""What every index must do, on the embedded one and on a real Elasticsearch."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from pipeline.errors import Retry
from pipeline.events import Published, Relevance
from pipeline.index import Query
from tests.contracts.index_samples import START, incident, story, told
from tests.contracts.indexes import Shelf, Where

# -- versions


def test_a_higher_version_replaces(shelf: Shelf) -> None:
    """The first write creates, a higher version updates, and search and get give the new text."""
    assert shelf.put(story("a", 1)) == ["created"]
    assert shelf.put(story("a", 5, title="Ceasefire in Tarsk")) == ["updated"]
    assert shelf.ids(text="ceasefire") == ["a"]
    assert shelf.ids(text="barrage") == []
    got = shelf.index.get("story", "a")
    assert got == story("a", 5, title="Ceasefire in Tarsk").body


def test_an_equal_or_older_version_is_unchanged(shelf: Shelf) -> None:
    """A repeat or a late older write changes nothing, also within one batch."""
    shelf.put(story("a", 5))
    answers = shelf.put(story("a", 5, title="Other"), story("a", 4, title="Other"))
    assert answers == ["unchanged", "unchanged"]
    assert shelf.put(story("b", 1), story("b", 2), story("b", 1)) == [
        "created",
        "updated",
        "unchanged",
    ]
    assert shelf.index.get("story", "a") == story("a", 5).body
    assert shelf.index.get("story", "b") == story("b", 2).body


def test_what_is_not_live_is_got_but_not_found(shelf: Shelf) -> None:
    """A kill hides its story from search and count; get still gives it; older writes stay out."""
    shelf.put(told("a", version=1), told("b", version=1), incident("i"))
    shelf.put(told("a", version=9, state="killed", title="", body=""))
    shelf.put(incident("i", 2, state="merged", merged_into="j"))
    assert shelf.put(told("a", version=2)) == ["unchanged"]
    assert shelf.ids() == ["b"]
    assert shelf.ids(text="tarsk") == ["b"]
    assert shelf.ids(match={"mentions.places.country": "AF"}) == ["b"]
    assert shelf.ids(kind="incident") == []
    assert shelf.index.count(Query(), ("source",)) == {("tarsk-post",): 1}
    killed, merged = shelf.index.get("story", "a"), shelf.index.get("incident", "i")
    assert killed is not None
    assert killed["state"] == "killed"
    assert merged is not None
    assert merged["merged_into"] == "j"


def test_a_killed_story_may_come_back(shelf: Shelf) -> None:
    """A higher version that is live again is found again."""
    shelf.put(story("a", 1), story("a", 2, state="killed", title="", body=""))
    shelf.put(story("a", 3))
    assert shelf.ids(text="barrage") == ["a"]


def test_what_is_absent_is_none(shelf: Shelf) -> None:
    """Nothing put yet: get, search and count answer empty and do not fail."""
    assert shelf.index.get("story", "nobody") is None
    assert shelf.ids(text="tarsk", limit=None) == []
    assert shelf.index.count(Query(), ("source",)) == {}
    assert shelf.index.count(Query(), ()) == {}


# -- filters and time


FILTERS = {
    "id": "a",
    "source": "tarsk-post",
    "text_from": "feed",
    "mentions.places.country": "AF",
    "mentions.places.geonames": "9000001",
    "mentions.actors.canonical": "Ninth Brigade",
    "events.type": "Explosions/Remote violence",
    "events.subtype": "Shelling/artillery/missile attack",
    "events.actors.canonical": "Ninth Brigade",
    "events.places.country": "AF",
    "events.claims.effect": "killed",
    "claims.speaker.canonical": "Mayor of Tarsk",
    "relevance.relevant": "true",
}


def test_filters(shelf: Shelf) -> None:
    """A filter finds the story with that very value, through lists, and no other."""
    doubtful = Relevance(score=0.1, relevant=False)
    shelf.put(
        told("a", text_from="feed", language="fr"),
        story("b", source="vorne-post", language="en", relevance=doubtful),
    )
    for field, value in FILTERS.items():
        assert shelf.ids(match={field: value}) == ["a"], field
        assert shelf.ids(match={"language": "fr", field: value}, text="tarsk") == ["a"], field
        assert shelf.ids(match={"language": "en", field: value}) == [], field
        assert shelf.ids(match={field: value + "x"}) == [], field


def test_an_unknown_field_is_named(shelf: Shelf) -> None:
    """A filter or group that the index does not keep is refused by name."""
    with pytest.raises(ValueError, match=r"colour.*known are"):
        shelf.ids(match={"colour": "red"})
    with pytest.raises(ValueError, match=r"colour.*known are"):
        shelf.index.count(Query(), ("colour",))


def test_since_and_until(shelf: Shelf) -> None:
    """Publication time bounds, both ends included; first_seen where it is unknown."""
    undated = story("seen", published=Published(), first_seen=START + timedelta(hours=5))
    shelf.put(story("a", after=1), story("b", after=3), undated)
    hour = timedelta(hours=1)
    assert shelf.ids(since=START + 3 * hour) == ["seen", "b"]
    assert shelf.ids(until=START + 3 * hour) == ["b", "a"]
    assert shelf.ids(since=START + 2 * hour, until=START + 4 * hour, text="barrage") == ["b"]
    assert shelf.ids(since=START + 4 * hour, match={"source": "tarsk-post"}) == ["seen"]
    assert shelf.ids(until=datetime(1969, 1, 1)) == []


def test_newest_first(shelf: Shelf) -> None:
    """The order is by time, not by arrival, with words, with filters and without."""
    hours = [4, 1, 3, 0, 2]
    shelf.put(*(story(f"s{hour}", after=hour) for hour in hours))
    wanted = ["s4", "s3", "s2", "s1", "s0"]
    assert shelf.ids() == wanted
    assert shelf.ids(text="tarsk") == wanted
    assert shelf.ids(match={"language": "en"}) == wanted
    assert shelf.ids(limit=2) == wanted[:2]
    assert shelf.ids(limit=0) == []


def test_a_new_time_moves_a_story(shelf: Shelf) -> None:
    """A revision with another publication time takes its new place in the order."""
    shelf.put(story("a", after=1), story("b", after=2))
    shelf.put(story("a", 2, after=3))
    assert shelf.ids(text="tarsk") == ["a", "b"]
    assert len(shelf.ids(limit=None)) == 2


def test_ranked(shelf: Shelf) -> None:
    """Best first: a word in the title counts more than one in a long body."""
    filler = "The harvest was good and the weather mild. " * 30
    shelf.put(story("body", title="Harvest", body=filler + "A mortar was seen.", after=9))
    shelf.put(story("title", title="Mortar hits mill", body=filler, after=1))
    assert shelf.ids(text="mortar", ranked=True) == ["title", "body"]
    assert shelf.ids(text="mortar") == ["body", "title"]
    assert shelf.ids(text="mortar", ranked=True, limit=None) == ["title", "body"]


def test_all_of_them(shelf: Shelf) -> None:
    """Without a limit every document comes once, over many pages, at equal times too."""
    shelf.put(*(story(f"s{n}", after=n // 100) for n in range(450)))
    for asked in ({}, {"text": "tarsk"}, {"match": {"source": "tarsk-post"}}):
        found = shelf.ids(limit=None, **asked)
        assert len(found) == 450
        assert len(set(found)) == 450
    assert len(shelf.ids(limit=300)) == 300


# -- several processes, setup


def _write(where: Where, writer: int) -> None:
    index = where.open()
    for batch in range(5):
        numbers = range(batch * 10, batch * 10 + 10)
        own = [story(f"w{writer}-{n}") for n in numbers]
        shared = [story(f"shared-{n}", version=writer + 1) for n in numbers]
        answers = index.put([*own, *shared])
        assert not [answer for answer in answers if isinstance(answer, Exception)]
    index.close()


def test_several_writers(shelf: Shelf) -> None:
    """Processes that write at once lose nothing, and the highest version wins."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(shelf.where, n)) for n in range(3)]
    for one in writers:
        one.start()
    while any(one.is_alive() for one in writers):
        with suppress(Retry):  # a month's first shards are not up at once
            shelf.ids(text="tarsk")
    for one in writers:
        one.join(60)
        assert one.exitcode == 0
    shelf.settle()
    found = {body["id"]: body["version"] for body in shelf.index.search(Query(limit=None))}
    assert len(found) == 200
    assert {found[f"shared-{n}"] for n in range(50)} == {3}
    assert shelf.index.count(Query(text="tarsk"), ()) == {(): 200}


def test_setup_again_changes_nothing(shelf: Shelf) -> None:
    """A second setup, of another process too, says that nothing was changed."""
    assert list(shelf.index.setup()) == []
    other = shelf.where.open()
    assert list(other.setup()) == []
    other.close()
