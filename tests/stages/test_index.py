"""What goes into the index, and what its answers mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Reject, Retry
from pipeline.events import Fate, Incident
from pipeline.index import Document, Query
from pipeline.index.embedded import EmbeddedIndex
from pipeline.stages import Done
from pipeline.stages.index import documents_of, make
from tests.records import at, story

NOW = at(30)


def fate(**fields: Any) -> Fate:
    """A step of an item."""
    given = {"id": "i1", "source": "daily", "poll": "p1", "day": "2026-03-02", "stage": "fetch",
             "time": at(1), "outcome": "made", "state": "waiting"}  # fmt: skip
    return Fate(**{**given, **fields})


def incident(**fields: Any) -> Incident:
    """A happening."""
    given = {"id": "n1", "version": 7, "type": "Battles", "first_seen": at(0), "updated": at(9)}
    return Incident(**{**given, **fields})


def test_a_story_lies_in_the_month_it_was_first_seen_in() -> None:
    """It never moves to another index, whatever its publication date says."""
    (document,) = documents_of(story(version=5, fetched=at(60 * 24 * 40)), NOW)
    assert (document.kind, document.id, document.version, document.month) == (
        "story", "a1", 5, "2026.03",
    )  # fmt: skip
    assert document.body["indexed"] == "2026-03-02T08:30:00.000Z"


def test_what_a_record_only_carries_is_stripped() -> None:
    """The index knows no fields of a newer minor version."""
    for record in (
        story(unknown={"tone": "grim"}), incident(unknown={"tone": "x"}), fate(unknown={"tone": 1}),
    ):  # fmt: skip
        for document in documents_of(record, NOW):
            assert not {"tone", "unknown"} & document.body.keys()


def test_an_incident_is_one_document() -> None:
    """With its own version."""
    (document,) = documents_of(incident(), NOW)
    assert (document.kind, document.version, document.month) == ("incident", 7, "2026.03")


def test_a_fate_is_a_step_and_where_the_item_stands() -> None:
    """One document per attempt, one per item and day; a later step is a higher version."""
    step, stands = documents_of(fate(), NOW)
    later = documents_of(fate(stage="extract", time=at(2)), NOW)
    assert (step.kind, stands.kind) == ("fate", "item")
    assert step.id != later[0].id
    assert stands.id == later[1].id
    assert later[1].version > stands.version
    assert stands.month == "2026.03"


def test_a_fate_that_changes_nothing_is_a_step_only() -> None:
    """A page tried again although its item went on."""
    assert [one.kind for one in documents_of(fate(state=None), NOW)] == ["fate"]


def test_a_poll_is_told_though_it_has_no_state() -> None:
    """The account counts what was shown from it."""
    poll = fate(kind="poll", id="p1", state=None, shown=3, new=("i1",))
    assert [one.kind for one in documents_of(poll, NOW)] == ["fate", "item"]


def test_an_item_shown_on_two_days_is_accounted_on_both() -> None:
    """A correction a day later does not take it out of the first day's account."""
    first, second = documents_of(fate(), NOW)[1], documents_of(fate(day="2026-03-03"), NOW)[1]
    assert first.id != second.id


class Answers:
    """An index of which only the answers matter."""

    def __init__(self, *answers: str | Exception) -> None:
        self._answers = answers

    def put(self, documents: Sequence[Document]) -> Sequence[str | Exception]:
        return self._answers[: len(documents)]


def test_one_retry_stops_the_batch() -> None:
    """The index, not the record, is at fault: nothing of the batch is committed."""
    index: Any = Answers("created", Retry("HTTP 429"), "created")
    with pytest.raises(Retry, match="429"):
        make(index, lambda: NOW)([story(id="1"), story(id="2"), story(id="3")])


def test_a_refused_document_is_its_records_fault_only() -> None:
    """400 is a dead letter; the neighbours are stored."""
    index: Any = Answers("created", Reject("HTTP 400"), "unchanged")
    results = make(index, lambda: NOW)([story(id="1"), story(id="2"), story(id="3")])
    assert isinstance(results[1], Reject)
    assert [r.outcome for r in results if isinstance(r, Done)] == ["created", "unchanged"]
    assert [r.state for r in results if isinstance(r, Done)] == ["stored", "stored"]


def test_the_answers_of_a_fates_two_documents_stay_together() -> None:
    """One refused is that fate's, not the next record's."""
    index: Any = Answers("created", Reject("HTTP 400"), "created")
    results = make(index, lambda: NOW)([fate(), story()])
    assert isinstance(results[0], Reject)
    assert isinstance(results[1], Done)


def test_records_come_out_of_a_real_index_as_they_went_in(tmp_path: Path) -> None:
    """Twice the same is unchanged, in any time zone."""
    index = EmbeddedIndex(tmp_path, clock=NOW.timestamp)
    stage = make(index, lambda: NOW)
    records = [story(version=5), incident(), fate(), fate(stage="extract", time=at(2))]
    again = [
        story(version=5), incident(),
        fate(time=at(1).astimezone(timezone(timedelta(hours=5)))),
    ]  # fmt: skip
    assert [r.outcome for r in stage(records) if isinstance(r, Done)] == ["created"] * 4
    assert [r.outcome for r in stage(again) if isinstance(r, Done)] == ["unchanged"] * 3
    (item,) = index.search(Query(kind="item"))
    assert (item["stage"], datetime.fromisoformat(item["time"])) == ("extract", at(2))
    assert len(list(index.search(Query(kind="fate")))) == 2
    assert NOW.tzinfo is UTC
    index.close()
