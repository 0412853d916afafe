"""What of a poll is new."""

from __future__ import annotations

from connectors.base import Item, Rejected
from pipeline.limits import KEY_DAYS
from pipeline.stages.poll import Taken, take
from tests.records import item


def taken(items: list[Item], before: Taken | None = None, day: int = 100) -> Taken:
    """One poll after another."""
    return take(items, (), before.keys if before else {}, day)


def test_every_entry_of_a_first_poll_is_new() -> None:
    """Also those that have no date, or the same one."""
    entries = [item(key=str(n), published=None) for n in range(60)]
    assert taken(entries).new == tuple(entries)


def test_a_known_entry_is_not_new_in_any_order() -> None:
    """There is no date watermark: only what was not there before counts."""
    entries = [item(key=str(n)) for n in range(5)]
    second = taken([item(key="9", published="Mon, 1 Jan 1990"), *reversed(entries)], taken(entries))
    assert [entry.key for entry in second.new] == ["9"]
    assert second.known == 5


def test_an_edited_entry_is_new_again_under_its_id() -> None:
    """A correction in the feed brings the page again."""
    second = taken([item(title="Shells hit Arvad, five dead")], taken([item()]))
    assert [entry.id for entry in second.new] == [item().id]


def test_a_date_made_anew_by_the_feed_changes_nothing() -> None:
    """Some feeds write the time of the request into every entry."""
    assert not taken([item(published="now")], taken([item(published="before")])).new


def test_of_two_entries_with_one_key_the_first_counts() -> None:
    """An entry is one item in one poll."""
    both = taken([item(title="first"), item(title="second")])
    assert [entry.title for entry in both.new] == ["first"]


def test_a_key_is_remembered_while_listed_and_ninety_days_after() -> None:
    """Then, and only then, it is new again."""
    first = taken([item()])
    listed = taken([item()], first, day=100 + KEY_DAYS)
    gone = taken([], listed, day=100 + 2 * KEY_DAYS)
    assert not taken([item()], gone, day=100 + 2 * KEY_DAYS).new
    forgotten = taken([], gone, day=101 + 2 * KEY_DAYS)
    assert taken([item()], forgotten, day=101 + 2 * KEY_DAYS).new


def test_an_entry_shown_again_on_a_later_day_is_told_once_that_day() -> None:
    """So that the account of a day knows each entry once."""
    first = taken([item()], day=100)
    assert taken([item()], first, day=100).again == 0
    next_day = taken([item()], first, day=101)
    assert next_day.again == 1
    assert taken([item()], next_day, day=101).again == 0


def test_an_entry_that_cannot_be_read_is_told_once() -> None:
    """Not at every poll that still shows it."""
    broken = Rejected(reason="not well-formed", data=b"<item><title>")
    first = take([item()], [broken, broken], {}, 100)
    assert first.rejects == (broken,)
    assert not take([item()], [broken], first.keys, 100).rejects
