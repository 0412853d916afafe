"""Sources from TOML and OPML files."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline.sources import Source, SourcesError, load, to_toml

TABLE = """
[[source]]
name = "un-news"
url = "https://news.example/rss"
interval = "1h"
publisher = "United Nations"
country = "CH"
language = "en"
tier = 1
group = "Agencies"
encoding = "utf-8"

[[source]]
name = "dropped"
kind = "folder"
url = "in/"
enabled = false
"""


def tables(text: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads(text)["source"]
    return found


def test_tables_files_and_lists_come_together(tmp_path: Path) -> None:
    """The main file's tables, TOML files and OPML lists make one list of sources."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more/a.toml").write_text(TABLE)
    (tmp_path / "feeds.opml").write_text(
        "<opml><body><outline text='un news' xmlUrl='https://other.example/a&b'/>"
        "<outline text='Again' xmlUrl='https://news.example/rss'/>"
        "<outline text='Wrong' xmlUrl='ftp://x.example/'/></body></opml>"
    )
    main = [{"name": "main", "url": "https://main.example/rss"}]
    found = load(main, ["more/*.toml", "feeds.opml", "none/*.toml"], tmp_path)
    assert [source.name for source in found.sources][:3] == ["main", "un-news", "dropped"]
    assert [source.url for source in found.sources][3:] == ["https://other.example/a&b"]
    assert found.sources[3].name.startswith("un-news-")
    assert found.sources[1] == Source(
        name="un-news",
        url="https://news.example/rss",
        interval=3600.0,
        options={"encoding": "utf-8"},
        publisher="United Nations",
        country="CH",
        language="en",
        tier=1,
        group="Agencies",
    )
    assert found.sources[2].url == (tmp_path / "in").as_uri() + "/"
    problems = "\n".join(found.problems)
    assert "none/*.toml matches no file" in problems
    assert "feeds.opml: entry 'wrong': 'ftp://x.example/' is no http address" in problems
    assert "'again' has the address of 'un-news'" in problems


WRONG = {
    "a.toml, line 3: name = 3": ('name = "un-news"', "name = 3"),
    "a.toml, line 2: this source has no url": ('url = "https://news.example/rss"\n', ""),
    "a.toml, line 5: interval: 'soon' is not": ('"1h"', '"soon"'),
    "a.toml, line 5: interval must be more than 0": ('"1h"', "0"),
    "a.toml, line 9: tier = '1': write a whole number": ("tier = 1", 'tier = "1"'),
    "a.toml, line 17: enabled = 'no': write true or false": ("= false", '= "no"'),
    "a.toml, line 11: unknown key 'encodng': a source has country": ("encoding", "encodng"),
    "a.toml, line 15: kind: there is no kind 'foldr'; there are feed": ('"folder"', '"foldr"'),
    "a.toml, line 2: source 'un-news': encoding = 'klingon'": ('"utf-8"', '"klingon"'),
    "two sources are named 'un-news'": ('"dropped"', '"un-news"'),
    "a.toml is not TOML: .*line 3": ('"un-news"', '"un-news'),
    "unknown key 'sources'": ("[[source]]", "[[sources]]"),
    "two brackets": (TABLE, '[source]\nname = "x"'),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_source_names_file_line_and_key(tmp_path: Path, message: str) -> None:
    """The error says where and what to write instead."""
    old, new = WRONG[message]
    assert old in TABLE
    (tmp_path / "a.toml").write_text(TABLE.replace(old, new))
    with pytest.raises(SourcesError, match=message):
        load([], ["a.toml"], tmp_path)


def test_a_wrong_source_in_the_main_file_is_placed_too(tmp_path: Path) -> None:
    """Tables that came from the main file are looked up in it."""
    text = '[bus]\nurl = "embedded"\n' + TABLE + "speed = 3\n"
    (tmp_path / "tocsin.toml").write_text(text)
    with pytest.raises(SourcesError, match=r"tocsin\.toml, line 20: unknown key 'speed'"):
        load(tables(text), [], tmp_path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A file that is named and not there stops; a pattern must be relative."""
    with pytest.raises(SourcesError, match=r"no\.toml is not in"):
        load([], ["no.toml"], tmp_path)
    with pytest.raises(SourcesError, match="relative"):
        load([], ["/etc/*.toml"], tmp_path)


def test_toml_goes_out_as_it_comes_in(tmp_path: Path) -> None:
    """Writing and reading gives equal sources."""
    sources = (
        *load(tables(TABLE), [], tmp_path).sources,
        Source(name='odd "\\ \u00e9', url="https://a.example/?a=1&b=2", publisher="\u007f\t"),
    )
    (tmp_path / "out.toml").write_text(to_toml(sources))
    assert load([], ["out.toml"], tmp_path).sources == sources
