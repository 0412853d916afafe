"""``tocsin sources`` against a site on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.opml import import_opml
from tests.cli.conftest import Cli
from tests.stream import Site, entry, rss


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A feed with a hostile title and a broken entry, a page that is no feed, an empty feed."""
    with Site() as served:
        hostile = "&#x9b;31m t&#10;FORGED &#x202e;x"
        entries = [entry(n, f"https://example.org/{n}", hostile) for n in range(12)]
        served.pages["/feed.xml"] = rss([*entries, "<item><title>broken <b>off</item>"])
        served.pages["/empty.xml"] = rss([])
        served.pages["/page"] = ("text/html", b"<html><body>no feed</body></html>")
        yield served


@pytest.fixture
def listed(cli: Cli, site: Site) -> Cli:
    """Four sources of the site."""
    names = {"good": "feed.xml", "empty": "empty.xml", "page": "page", "lost": "lost.xml"}
    cli.configure(site.settings([{"name": n, "url": f"{site.base}/{u}"} for n, u in names.items()]))
    return cli


def test_list_shows_every_source(listed: Cli) -> None:
    """Or those named."""
    said = listed("sources", "list", "--json")
    assert [row["name"] for row in said.json] == ["good", "empty", "page", "lost"]
    assert [row["name"] for row in listed("sources", "list", "page", "--json").json] == ["page"]
    assert "good" in listed("sources", "list").out


def test_check_says_what_is_wrong_with_each_and_goes_on(listed: Cli) -> None:
    """1 when one of them failed; the verdicts are for programs too."""
    said = listed("sources", "check", "--json")
    assert said.code == 1
    assert {row["source"]: row["verdict"] for row in said.json} == {
        "good": "alive", "empty": "empty", "page": "failed", "lost": "failed",
    }  # fmt: skip
    assert (said.json[0]["items"], said.json[0]["rejects"]) == (12, 1)
    people = listed("sources", "check", "good", "lost")
    assert people.code == 1
    assert people.harmless()
    assert "12 items, 1 unreadable" in people.out
    assert listed("sources", "check", "empty").code == 0


def test_preview_shows_entries_and_nothing_that_moves_the_terminal(listed: Cli) -> None:
    """At most so many; what cannot be read is told beside them."""
    said = listed("sources", "preview", "good", "--limit", "3")
    assert said.code == 0
    assert said.harmless()
    assert len(said.out.splitlines()) == 6
    assert "cannot be read" in said.err
    assert len(listed("sources", "preview", "good", "--json").json) == 10
    assert listed("sources", "preview", "lost").code == 1


def test_an_opml_list_comes_in_and_goes_out(listed: Cli) -> None:
    """What is exported is imported as the same sources; a broken list comes in too."""
    out = listed("sources", "export").out
    before = [(source.name, source.url) for source in import_opml(out.encode())]
    said = listed("sources", "import", listed.write("feeds.opml", out))
    assert said.code == 0
    assert "4 sources" in said.err
    listed.configure(said.out)
    rows = listed("sources", "list", "--json").json
    assert [(row["name"], row["url"]) for row in rows] == before
    broken = '<opml><body><outline text="A & B" xmlUrl="https://a.org/?x=1&y=2"><body>'
    assert 'url = "https://a.org/?x=1&y=2"' in listed(
        "sources", "import", listed.write("broken.opml", broken)
    ).out  # fmt: skip


def test_export_as_toml_is_a_settings_file(listed: Cli) -> None:
    """Of the same sources."""
    said = listed("sources", "export", "good", "--format", "toml")
    listed.configure(said.out)
    assert [row["name"] for row in listed("sources", "list", "--json").json] == ["good"]


def test_a_list_without_a_feed_is_a_fault(listed: Cli) -> None:
    """Nothing came of it."""
    for content in ("", "not a list", b"\x00\xff\xfe"):
        said = listed("sources", "import", listed.write("feeds.opml", content))
        assert (said.code, said.out) == (1, "")
    assert listed("sources", "import", str(listed.folder)).code == 2
