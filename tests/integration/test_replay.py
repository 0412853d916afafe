"""Replay: the later stages again over what the topics keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stream import Service, Site, entry, html_page, rss


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two sources of three articles each, all in the index."""
    with Site() as site:
        for number in range(6):
            texts = [f"Shells fell on the town of Kutum, witness number {number} said. " * 4]
            site.pages[f"/n/{number}"] = html_page(f"Shells fall on Kutum {number}", texts)
        entries = [entry(number, f"{site.base}/n/{number}") for number in range(6)]
        site.pages["/one.xml"], site.pages["/two.xml"] = rss(entries[:3]), rss(entries[3:])
        sources = [{"name": name, "url": f"{site.base}/{name}.xml"} for name in ("one", "two")]
        folder: Path = tmp_path_factory.mktemp("replay")
        made = Service(folder, site.settings(sources, keep="all"))
        made.tocsin("run", "--once")
        yield made


@pytest.mark.parametrize("stage", ["extract", "enrich", "resolve", "index"])
def test_a_replay_of_the_unchanged_changes_nothing_in_the_index(
    service: Service, stage: str
) -> None:
    """Every document stays, to the time at which it was indexed, and so does the account."""
    before, account = service.stories(), service.account()
    (told,) = service.json("replay", "--from", stage)
    assert told["replayed"] >= 6
    service.tocsin("run", "--once", "--stages", "extract,enrich,resolve,index")
    assert service.stories() == before
    assert service.account() == account


def test_only_the_source_asked_for_is_replayed(service: Service) -> None:
    """The others are read past."""
    (told,) = service.json("replay", "--from", "extract", "--source", "two")
    assert told["replayed"] == 3


def test_nothing_wanted_is_nothing_replayed(service: Service) -> None:
    """And that is no fault."""
    (told,) = service.json("replay", "--from", "enrich", "--until", "2001-01-01")
    assert (told["replayed"], told["outcomes"]) == (0, {})
