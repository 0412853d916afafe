"""Forgetting: a story's text goes for good, and the reason stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import app
from tests.stream import Service, Site, entry, html_page, rss

WORDS = '"town of Arvad"'


@pytest.fixture
def site() -> Iterator[Site]:
    """Two articles of one feed."""
    with Site() as made:
        for number, town in enumerate(("Kutum", "Arvad")):
            text = [f"Shells fell on the town of {town}, witness number {number} said. " * 4]
            made.pages[f"/n/{number}"] = html_page(f"Shells fall on {town}", text)
        made.pages["/f.xml"] = rss([entry(n, f"{made.base}/n/{n}") for n in range(2)])
        yield made


def test_a_forgotten_story_is_found_no_more_and_never_comes_back(
    site: Site, tmp_path: Path
) -> None:
    """Not by a changed page, not by a replay; the other story is as it was."""
    source = {"name": "f", "url": f"{site.base}/f.xml", "interval": "1s"}
    service = Service(tmp_path, site.settings([source], keep="all"))
    service.tocsin("run", "--once")
    kept, gone = (f"{site.base}/n/{number}" for number in range(2))
    before = service.stories()
    assert [story["url"] for story in service.json("search", WORDS)] == [gone]
    (told,) = service.json("forget", gone, "--why", "names a witness")
    assert told == {"id": before[gone]["id"], "url": gone, "asked": True, "copies": []}

    site.pages["/n/1"] = html_page("Shells fall on Arvad again", ["A witness was named. " * 9])
    entries = [entry(0, kept), entry(1, gone, title="Changed")]
    site.pages["/f.xml"] = rss(entries)
    service.json("replay", "--from", "extract")
    service.tocsin("run", "--once")

    assert service.stories() == {kept: before[kept]}
    assert service.json("search", WORDS) == []
    stored = document(service, before[gone]["id"])
    assert (stored["state"], stored["title"], stored["body"]) == ("forgotten", "", "")
    assert "witness" not in str(stored)
    (item,) = service.json("trace", gone)
    reasons = [(s["outcome"], s.get("reason"), s["detail"]) for s in item["steps"]]
    assert ("forgotten", "operator", "names a witness") in reasons
    assert sum(service.account().values()) > 0  # and it closes
    (told,) = service.json("forget", before[gone]["id"], "--why", "again")
    assert told["asked"] is False


def document(service: Service, id: str) -> dict[str, object]:
    """The story as the index has it."""
    index = app.open_index(service.settings)
    try:
        return dict(index.get("story", id) or {})
    finally:
        index.close()
