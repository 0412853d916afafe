"""``tocsin maintain`` and ``tocsin forget``."""

from __future__ import annotations

from datetime import timedelta

from pipeline import app, codec
from pipeline.bus import Message
from pipeline.topology import RESOLVED
from tests.cli.conftest import Cli
from tests.cli.test_index_commands import TIME, closed, fate, fill
from tests.records import URL, story

OLD = TIME - timedelta(days=40)


def test_maintain_says_what_goes_and_then_nothing_more(cli: Cli) -> None:
    """A dry run says the same; what is of the last 30 days stays, and every story."""
    fates = [fate("old", "stored", "stored", time=OLD, day=f"{OLD:%Y-%m-%d}"), *closed()]
    fill(cli, [*fates, story(first_seen=OLD, version=1)])
    dry = cli("maintain", "--dry-run", "--json").json
    assert [(row["documents"], row["dry_run"]) for row in dry if "items" in row["deleted"]] == [
        (1, True)
    ]
    assert "would delete items" in cli("maintain", "--dry-run").out
    assert "deleted items before" in cli("maintain").out
    said = cli("maintain")
    assert (said.code, said.out) == (0, "nothing is older than it is kept\n")
    assert cli("account").code == 0
    assert len(cli("search", "--json").json) == 1


def test_stories_go_after_the_days_that_are_set(cli: Cli) -> None:
    """By the day on which they were first seen."""
    cli.configure("[index]\ndays = 30\n")
    fill(cli, [story(first_seen=OLD, version=1), story(id="a2", first_seen=TIME, version=1)])
    assert [row["documents"] for row in cli("maintain", "--json").json] == [1]
    assert [row["id"] for row in cli("search", "--json").json] == ["a2"]


def test_forget_wants_a_reason_and_a_story_that_is_there(cli: Cli) -> None:
    """Wrong use is 2, nothing found 1; nothing is published then."""
    cli("setup")
    assert cli("forget", "a1").code == 2
    assert cli("forget", "http://[x", "--why", "x").code in (1, 2)
    said = cli("forget", URL, "--why", "x")
    assert (said.code, said.out) == (1, "")
    assert "no story" in said.err


def test_forget_names_the_copies_and_what_stays(cli: Cli) -> None:
    """By id, URL or item; the operator learns what else there is to do."""
    cli("setup")
    copy = story(id="a2", item="i2", url="https://other.example/1", copy_of="a1", version=1)
    fill(cli, [story(version=1, items=("i1",)), copy])
    for name in ("a1", URL, "i1"):
        (row,) = cli("forget", name, "--why", "a witness", "--json").json
        assert (row["id"], row["asked"], row["copies"]) == ("a1", True, [copy.url])
    said = cli("forget", "a1", "--why", "a witness")
    assert f"a copy stays: {copy.url}" in said.out
    assert "30" in said.out


def test_forget_finds_what_only_resolve_knows(cli: Cli) -> None:
    """A story that left the index by its age, or has not come there yet."""
    cli("setup")
    bus = app.open_bus(cli.settings)
    stored = story(version=1, items=("i1",))
    bus.publish([Message(RESOLVED, "a1", codec.encode(stored))])
    bus.close()
    for name in ("a1", URL, "i1"):
        assert cli("forget", name, "--why", "x", "--json").json[0]["id"] == "a1"
