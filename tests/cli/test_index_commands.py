"""The commands that read the index: search, export, trace, account, status."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.events import Fate, Incident, Mentions, Story
from pipeline.facts import Event, Place
from pipeline.index import Document
from pipeline.stages.index import documents_of
from pipeline.topology import STAGES
from tests.cli.conftest import HOSTILE, Cli
from tests.records import URL, at, story

TOWN = Place(
    name="Arvad", canonical="Arvad", geonames=1, lat=34.5, lon=69.25, admin1="AF-KAB", country="AF",
    precision="town",
)  # fmt: skip
TIME = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)  # steps are kept 30 days
SECOND = timedelta(seconds=1)
DAY = f"{TIME:%Y-%m-%d}"


def fill(cli: Cli, records: Sequence[Story | Incident | Fate]) -> None:
    """Store them as the index stage does."""
    index = cli.index()
    documents: list[Document] = []
    for record in records:
        documents += documents_of(record, datetime.now(UTC))
    answers = index.put(documents)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    index.close()


def stories() -> list[Story]:
    """Two stories, the later one hostile."""
    hostile = story(
        id="a2", item="i2", url="https://example.org/2", title=HOSTILE, publisher="=HYPERLINK(1)",
        fetched=at(9), version=1, language="ru", mentions=Mentions(places=(TOWN,)),
        events=(Event(id="a2#1", type="Battles", subtype="Armed clash"),), copy_of="a1", revision=2,
        published=story().published.__class__(time=at(-10), basis="feed", precision="minute"),
    )  # fmt: skip
    return [story(version=1), hostile]


def fate(id: str, outcome: str, state: str | None, **fields: Any) -> Fate:
    """A step of an item on the day."""
    given = {"source": "daily", "poll": "p1", "day": DAY, "stage": "poll", "time": TIME}
    return Fate(**{**given, "id": id, "outcome": outcome, "state": state, **fields})


def polled(*new: str, **fields: Any) -> Fate:
    """What a poll showed."""
    return fate("p1", "polled", None, kind="poll", new=new, shown=len(new), known=0, again=0,
                **fields)  # fmt: skip


def closed() -> list[Fate]:
    """An account that closes: five items, each with another end, and one shown again."""
    ends = {"i1": "stored", "i2": "duplicate", "i3": "dropped", "i4": "dead", "i5": "waiting"}
    fates = [fate(id, "seen", "waiting", url=f"{URL}/{id}") for id in ends]
    fates += [
        fate(id, state, state, stage="fetch", time=TIME + SECOND, url=f"{URL}/{id}",
             story=f"s-{id}", reason="gone" if state == "dropped" else None)
        for id, state in ends.items()
    ]  # fmt: skip
    again = fate("p2", "polled", None, kind="poll", poll="p2", shown=6, known=6, again=1)
    return [*fates, polled(*ends), again]


def test_search_prints_newest_first_and_nothing_that_moves_the_terminal(cli: Cli) -> None:
    """A hostile title is shown for what it is."""
    fill(cli, stories())
    said = cli("search")
    assert said.code == 0
    assert said.harmless()
    lines = said.out.splitlines()
    assert lines[0].startswith("2026-03-02 07:50  Shells")
    assert "copy of a1" in lines[1]
    assert "Arvad" in lines[1]
    assert lines[3] == "2026-03-02 07:00  Shells hit Arvad market"


def test_json_is_one_line_each_whatever_is_in_it(cli: Cli) -> None:
    """The value is whole, and no line of the output is more or less than one document."""
    fill(cli, stories())
    for said in (cli("search", "--json"), cli("export")):
        assert said.harmless()
        assert said.json[0]["title"] == HOSTILE


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("spokesman",), 2),
        (('"Northern Front"', "--lang", "ru"), 1),
        (("--country", "AF"), 1),
        (("--type", "Battles", "--subtype", "Armed clash"), 1),
        (("--place", "Arvad", "--source", "daily"), 1),
        (("--from", "2026-03-02", "--to", "2026-03-02"), 2),
        (("--from", "2026-03-03"), 0),
        (("--to", "2026-03-01"), 0),
        (("--limit", "1"), 1),
        (("--kind", "incident"), 0),
        (("--kind", "incident", "--country", "AF", "--actor", "x", "--place", "y",
          "--source", "z", "--type", "Battles"), 0),
        (('" OR (', "--ranked"), 0),
    ],
)  # fmt: skip
def test_search_finds_by_words_and_filters(cli: Cli, words: tuple[str, ...], found: int) -> None:
    """Nothing found is no fault."""
    fill(cli, stories())
    said = cli("search", *words, "--json")
    assert (said.code, len(said.json)) == (0, found)
    assert cli("search", *words).code == 0


def test_an_incident_is_printed(cli: Cli) -> None:
    """As a line."""
    fill(cli, [Incident(id="n1", version=1, type="Battles", country="AF", start="2026-03-02",
                        place=TOWN, first_seen=at(0), updated=at(0))])  # fmt: skip
    assert cli("search", "--kind", "incident", "--country", "AF").out.startswith("2026-03-02")
    (row,) = csv.DictReader(io.StringIO(
        cli("export", "--kind", "incident", "--format", "csv").out))  # fmt: skip
    assert row["place"] == "Arvad"
    (feature,) = json.loads(cli("export", "--kind", "incident", "--format", "geojson").out)[
        "features"
    ]
    assert feature["geometry"]["coordinates"] == [69.25, 34.5]


def test_export_as_csv_opens_in_a_spreadsheet_and_starts_nothing(cli: Cli) -> None:
    """No cell is a formula, and none moves a terminal."""
    fill(cli, stories())
    said = cli("export", "--format", "csv")
    assert said.harmless()
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["id"] for row in rows] == ["a2", "a1"]
    assert rows[0]["publisher"] == "'=HYPERLINK(1)"
    assert (rows[0]["types"], rows[0]["countries"], rows[0]["places"]) == ("Battles", "AF", "Arvad")
    assert rows[1]["publisher"] == ""


def test_export_as_geojson_is_one_document(cli: Cli) -> None:
    """A point for each place that has one; also when there is none."""
    assert json.loads(cli("export", "--format", "geojson").out)["features"] == []
    fill(cli, stories())
    said = cli("export", "--format", "geojson")
    assert said.harmless()
    (feature,) = json.loads(said.out)["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [69.25, 34.5]}
    assert (feature["properties"]["id"], feature["properties"]["place"]) == ("a2", "Arvad")


def test_trace_tells_the_steps_in_order(cli: Cli) -> None:
    """By the item's URL, its id, or its story's id."""
    fill(cli, closed())
    for wanted in (f"{URL}/i3", "i3", "s-i3"):
        said = cli("trace", wanted, "--json")
        assert said.code == 0
        (item,) = said.json
        assert (item["id"], item["fate"], item["reason"]) == ("i3", "dropped", "gone")
        assert [step["stage"] for step in item["steps"]] == ["poll", "fetch"]
    assert "dropped (gone)" in cli("trace", "i3").out


def test_trace_of_what_is_not_known_is_a_fault(cli: Cli) -> None:
    """With what it may be."""
    for wanted in ("https://example.org/nothing", "x", "\x1b[2J"):
        said = cli("trace", wanted)
        assert (said.code, said.out) == (1, "")
        assert "nothing is known" in said.err
        assert said.harmless()


def test_the_account_closes(cli: Cli) -> None:
    """Seen is the sum of the ends, for each source and day and in all."""
    fill(cli, closed())
    said = cli("account", "--json")
    assert said.code == 0
    (row,) = said.json
    ends = ("stored", "duplicate", "dropped", "dead", "waiting")
    assert {name: row[name] for name in ("seen", *ends, "gap")} == {
        "seen": 6, "stored": 1, "duplicate": 2, "dropped": 1, "dead": 1, "waiting": 1, "gap": 0,
    }  # fmt: skip
    assert cli("account", "--day", DAY, "--source", "daily").code == 0
    assert cli("account", "--day", "2026-01-01", "--json").json == []


def test_a_gap_is_a_fault_and_names_what_is_missing(cli: Cli) -> None:
    """The entries that a poll showed and of which nothing more is known."""
    fates = [one for one in closed() if one.id not in ("i2", "i4")]
    fill(cli, fates)
    said = cli("account", "--json")
    assert said.code == 1
    assert (said.json[0]["gap"], said.json[0]["missing"]) == (2, ["i2", "i4"])
    said = cli("account")
    assert said.code == 1
    assert f"daily {DAY}: 2 unaccounted: i2, i4" in said.out


def test_fates_without_a_poll_are_a_gap_too(cli: Cli) -> None:
    """Below zero: nothing may come from nowhere."""
    fill(cli, [one for one in closed() if one.kind == "item"])
    said = cli("account", "--json")
    assert (said.code, said.json[0]["gap"]) == (1, -5)


def test_status_says_what_each_stage_and_source_does(cli: Cli) -> None:
    """For people in tables; for programs a line for each, and the account."""
    cli.configure('[[source]]\nname = "daily"\nurl = "https://example.org/feed"\n')
    cli("setup")
    fill(cli, closed())
    said = cli("status", "--json")
    assert said.code == 0
    kinds = [row["kind"] for row in said.json]
    assert kinds == ["stage"] * len(STAGES) + ["source", "account"]
    assert said.json[1]["oldest_waiting"] == f"{TIME + SECOND:%Y-%m-%dT%H:%M:%SZ}"
    assert said.json[-1]["seen"] == 6
    people = cli("status")
    assert people.harmless()
    assert "daily" in people.out
