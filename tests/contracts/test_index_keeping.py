"""What every index lets go of when it is told to, and what it keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pipeline.index import Kind, Query
from pipeline.index.keeping import KeptIndex, out_of_date
from tests.contracts.index_samples import START, incident, item, story, told
from tests.contracts.indexes import Shelf

KINDS: tuple[Kind, ...] = ("story", "incident", "item")
AFTER = date(2026, 3, 1)
"""All of February is before it."""


def kept(shelf: Shelf) -> KeptIndex:
    """The index with what is no part of the port."""
    shelf.settle()
    return shelf.where.open()


def totals(shelf: Shelf) -> list[int]:
    """How many documents of each kind there are."""
    shelf.settle()
    return [sum(shelf.index.count(Query(kind=kind), ()).values()) for kind in KINDS]


def filled(shelf: Shelf) -> KeptIndex:
    """Two stories, one of them published long before and one long after it was seen."""
    early = story("early", after=-24 * 4000)
    shelf.put(told("a"), early, story("future", after=24 * 9000), incident("i"))
    shelf.put(item("x/2026-02-20"))
    return kept(shelf)


def test_what_is_old_goes_and_nothing_else(shelf: Shelf) -> None:
    """Kind by kind; searches and keys go with the documents, and it can be said again."""
    index = filled(shelf)
    assert totals(shelf) == [3, 1, 1]
    left: dict[Kind, list[int]] = {"item": [3, 1, 0], "story": [0, 1, 0]}
    for kind, still in left.items():
        assert sum(n for _, n in index.drop(kind, AFTER)) > 0
        assert totals(shelf) == still
        assert list(index.drop(kind, AFTER)) == []
    assert shelf.ids(text="tarsk") == []
    assert shelf.ids(match={"source": "tarsk-post"}) == []
    assert shelf.put(told("a")) == ["created"]
    assert shelf.ids(text="tarsk") == ["a"]
    index.close()


def test_a_dry_run_says_the_same_and_deletes_nothing(shelf: Shelf) -> None:
    """Names and numbers."""
    index = filled(shelf)
    said = list(index.drop("story", AFTER, dry=True))
    assert totals(shelf) == [3, 1, 1]
    assert sum(n for _, n in said) == 3
    assert list(index.drop("story", AFTER)) == said
    index.close()


def test_what_is_of_the_day_itself_stays(shelf: Shelf) -> None:
    """By the day on which a story was first seen, whenever it was published."""
    index = filled(shelf)
    assert [list(index.drop(kind, START.date())) for kind in KINDS] == [[]] * 3
    assert totals(shelf) == [3, 1, 1]
    index.close()


def test_stories_are_kept_for_ever_unless_days_are_set(shelf: Shelf) -> None:
    """Items for 30 days, incidents for ever."""
    index = filled(shelf)
    soon, later = (datetime(2026, *day, tzinfo=UTC) for day in ((3, 1), (4, 1)))
    assert list(out_of_date(index, 0, soon)) == []
    assert sum(n for _, n in out_of_date(index, 0, later)) == 1
    assert totals(shelf) == [3, 1, 0]
    assert list(out_of_date(index, 400, later)) == []
    assert sum(n for _, n in out_of_date(index, 400, later + timedelta(days=400))) == 3
    assert totals(shelf) == [0, 1, 0]
    index.close()
