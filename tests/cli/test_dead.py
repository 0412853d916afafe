"""``tocsin dead``."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import app, codec
from pipeline.bus import Message
from pipeline.events import Fate
from pipeline.topology import FATES, ITEMS
from tests.cli.conftest import HOSTILE, Cli
from tests.records import item

CONTEXT = {"item": "i1", "source": "daily", "url": "https://x.example/1", "poll": "p1",
           "day": "2026-03-02"}  # fmt: skip
SAID = {**CONTEXT, "stage": "fetch", "class": "Reject", "error": HOSTILE, "attempt": "5",
        "where": "File x\nFORGED\x1b[2J", "topic": ITEMS}  # fmt: skip


@pytest.fixture
def letters(cli: Cli) -> Cli:
    """Two letters of fetch, one of poll."""
    bus = app.open_bus(cli.settings)
    app.prepare_bus(bus)
    data = codec.encode(item())
    bus.publish(
        [
            Message("fetch.dead", "h", data, SAID),
            Message("fetch.dead", "h", data, {**SAID, "source": "other", "error": "HTTP 400"}),
            Message("poll.dead", "daily", b"<item>", {**SAID, "stage": "poll", "topic": ""}),
        ]
    )
    bus.close()
    return cli


def read(cli: Cli, topic: str) -> list[bytes]:
    bus = app.open_bus(cli.settings)
    try:
        return [record.value or b"" for record in bus.read(topic)]
    finally:
        bus.close()


def test_no_dead_letters_is_well(cli: Cli) -> None:
    """Nothing on stdout, so that programs see nothing."""
    cli("setup")
    said = cli("dead", "list")
    assert (said.code, said.out, said.err) == (0, "", "no dead letters\n")
    assert cli("dead", "list", "--json").json == []


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ((), ["poll:0:0", "fetch:0:0", "fetch:0:1"]),
        (("--stage", "poll"), ["poll:0:0"]),
        (("--source", "other"), ["fetch:0:1"]),
        (("--error", "http 4"), ["fetch:0:1"]),
        (("fetch:0:0",), ["fetch:0:0"]),
    ],
)
def test_list_names_those_that_match(letters: Cli, words: tuple[str, ...], ids: list[str]) -> None:
    """In the order of the stages."""
    said = letters("dead", "list", *words, "--json")
    assert (said.code, [row["id"] for row in said.json]) == (0, ids)
    people = letters("dead", "list", *words)
    assert people.harmless()
    assert all(id in people.out for id in ids)


def test_show_tells_the_record_and_where_it_failed(letters: Cli) -> None:
    """What a source wrote stays what it is."""
    said = letters("dead", "show", "fetch:0:0")
    assert said.code == 0
    assert said.harmless()
    assert "Shells hit Arvad market" in said.out
    (row,) = letters("dead", "show", "poll:0:0", "--json").json
    assert (row["record"], row["attempts"]) == ("<item>", 5)


@pytest.mark.parametrize("action", ["show", "replay", "drop"])
def test_a_letter_that_is_not_there_is_named(letters: Cli, action: str) -> None:
    """Also beside one that is."""
    for words in (("fetch:0:9",), ("fetch:0:9", "fetch:0:0")):
        said = letters("dead", action, *words)
        assert said.code == 1
        assert "fetch:0:9: no such dead letter" in said.err
    assert letters("dead", action, "--all", "--source", "nobody").code == 1


@pytest.mark.parametrize("action", ["replay", "drop"])
def test_nothing_is_done_to_all_unless_that_is_said(letters: Cli, action: str) -> None:
    """Wrong use."""
    said = letters("dead", action)
    assert (said.code, "--all" in said.err) == (2, True)
    assert len(letters("dead", "list", "--json").json) == 3


def test_replay_gives_the_records_back(letters: Cli) -> None:
    """A letter of poll says why it cannot be; the others are done all the same."""
    said = letters("dead", "replay", "--all", "--json")
    assert said.code == 1
    assert {row["id"]: row["done"] for row in said.json} == {
        "poll:0:0": False, "fetch:0:0": True, "fetch:0:1": True,
    }  # fmt: skip
    assert len(read(letters, ITEMS)) == 2
    assert [row["id"] for row in letters("dead", "list", "--json").json] == ["poll:0:0"]
    assert letters("dead", "replay", "poll:0:0").code == 1


def test_drop_ends_the_items_with_the_reason(letters: Cli) -> None:
    """As a fate, so that the account closes."""
    said = letters("dead", "drop", "--all", "--why", "site closed")
    assert said.code == 0
    fates = [codec.decode(Fate, value) for value in read(letters, FATES)]
    assert [(fate.state, fate.detail) for fate in fates] == [("dropped", "site closed")] * 3
    assert letters("dead", "list").out == ""


def test_letters_of_a_folder_without_topics(tmp_path: Path, cli: Cli) -> None:
    """It says what to do."""
    said = cli("dead", "replay", "--all")
    assert (said.code, "tocsin setup" in said.err) == (1, True)
