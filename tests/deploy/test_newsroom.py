"""The sample newsroom serves what its data and ``expected.json`` say."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
import time
import tomllib
import urllib.robotparser
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest

from deploy.demo.content import Article, Content, load
from deploy.demo.feeds import key
from deploy.demo.newsroom import FOLDER_SOURCE, Newsroom, expected

ROOT = Path(__file__).resolve().parents[2]
PAGE_STATUS = {"404": 404, "403": 403, "503-once": 503}
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with Newsroom() as newsroom:
        yield newsroom


@pytest.fixture(scope="module")
def first_day() -> Iterator[Newsroom]:
    """One that all tests share which only read."""
    with Newsroom() as newsroom:
        yield newsroom


@pytest.fixture(scope="module")
def content() -> Content:
    return load()


def ask(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> Answer:
    parts = urlsplit(url)
    assert parts.hostname
    link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        link.request(method, target, headers=headers or {})
        answer = link.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        link.close()


def entries(room: Newsroom, source: str) -> list[Any]:
    url = next(s["url"] for s in room.sources() if s["name"] == source)
    return list(feedparser.parse(ask(url)[2]).entries)


def test_every_page_is_served(room: Newsroom, content: Content) -> None:
    """Each article's page answers as its trouble says, with its headline and every paragraph."""
    room.next_day()
    for article in content.articles:
        status, headers, body = ask(room.url(article.id))
        assert status == PAGE_STATUS.get(article.trouble, 200), article.id
        if status == 200:
            charset = content.publishers[article.publisher].charset
            assert headers["content-type"].startswith("text/html")
            assert _missing(article.on(2), body.decode(charset)) == []


def _missing(article: Article, text: str) -> list[str]:
    shown = unescape(text)
    wanted = (article.title, *article.paragraphs, article.note)
    return [part for part in wanted if part.removeprefix("## ").removeprefix("> ") not in shown]


def test_every_feed_parses(first_day: Newsroom, content: Content) -> None:
    """Each feed is well-formed and links to each of its articles; one has a broken entry."""
    for publisher in content.publishers.values():
        for plan in publisher.feeds:
            base = first_day.base(publisher.id)
            parsed = feedparser.parse(ask(base + plan.path)[2], response_headers={})
            assert not parsed.bozo, plan.source
            links = {entry.link.partition("?")[0] for entry in parsed.entries if "link" in entry}
            wanted = content.entries(publisher.id, plan, 1)
            shown = {urlsplit(link).path or link for link in links}
            assert {a.path for a in wanted} == {f"/{path.lstrip('/')}" for path in shown}
            broken = sum("link" not in entry for entry in parsed.entries)
            assert broken == plan.broken


def test_kinds_of_feeds(first_day: Newsroom) -> None:
    """RSS 2.0, 1.0, 0.91 and Atom are all among the feeds, and one is in windows-1251."""
    feeds = [ask(s["url"])[2] for s in first_day.sources() if s["kind"] == "feed"]
    assert {feedparser.parse(feed).version for feed in feeds} == {
        "rss20", "rss10", "rss091u", "atom10",
    }  # fmt: skip
    assert sum(b'encoding="windows-1251"' in feed for feed in feeds) == 1


@pytest.mark.parametrize("by", ["If-None-Match", "If-Modified-Since"])
def test_conditional_requests(first_day: Newsroom, by: str) -> None:
    """Feeds, pages and robots.txt answer 304 without a body to who has them, else 200."""
    feed = first_day.sources()[0]["url"]
    for url in (feed, first_day.url("ansongo-convoy"), first_day.base("difaf") + "/robots.txt"):
        status, headers, _ = ask(url)
        assert status == 200
        have = headers["etag"] if by == "If-None-Match" else headers["last-modified"]
        assert ask(url, {by: have})[::2] == (304, b"")
        other = '"other"' if by == "If-None-Match" else "Mon, 02 Feb 2026 00:00:00 GMT"
        assert ask(url, {by: other})[0] == 200


def test_pages_are_packed_for_who_asks(first_day: Newsroom) -> None:
    """With Accept-Encoding: gzip a page comes packed and is the same."""
    url = first_day.url("dock-strike")
    _, headers, body = ask(url, {"Accept-Encoding": "gzip, br"})
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == ask(url)[2]


def test_robots(first_day: Newsroom, content: Content) -> None:
    """robots.txt forbids exactly the articles that expected.json says it does."""
    forbidden = set()
    for publisher in content.publishers:
        rules = urllib.robotparser.RobotFileParser()
        rules.parse(ask(first_day.base(publisher) + "/robots.txt")[2].decode().splitlines())
        mine = [a for a in content.articles if a.publisher == publisher]
        forbidden |= {a.id for a in mine if not rules.can_fetch("tocsin", first_day.url(a.id))}
    assert forbidden == {e["entry"] for e in expected()["entries"] if e["reason"] == "robots"}


def test_trouble_passes(room: Newsroom) -> None:
    """The page that answers 503 is there at the second try."""
    url = room.url("apatzingan-dron")
    assert [ask(url)[0], ask(url)[0]] == [503, 200]


def test_hanging_page() -> None:
    """With ``hang`` one page accepts and never answers; closing the newsroom still works."""
    with Newsroom(hang=True) as room:
        host, port = urlsplit(room.url("zawiya-ishtibakat")).netloc.split(":")
        link = http.client.HTTPConnection(host, int(port), timeout=0.3)
        link.request("GET", urlsplit(room.url("zawiya-ishtibakat")).path)
        with pytest.raises(TimeoutError):
            link.getresponse()
        link.close()


def test_second_day(room: Newsroom) -> None:
    """After ``POST /__next`` a correction and three articles are there and one entry has gone."""
    feeds = [s["name"] for s in room.sources() if s["kind"] == "feed"]
    before = {(s, e.get("link")) for s in feeds for e in entries(room, s)}
    page, feed = room.url("ansongo-convoy"), room.sources()[0]["url"]
    validators = [ask(url)[1]["etag"] for url in (page, feed)]
    assert ask(room.base("harbour-wire") + "/__next", method="POST")[0] == 200
    after = {(s, e.get("link")) for s in feeds for e in entries(room, s)}
    assert len(after - before) == 3
    assert {link for _, link in before - after} == {room.url("supermarket-prices")}
    again = [ask(u, {"If-None-Match": v}) for u, v in zip((page, feed), validators, strict=True)]
    assert [answer[0] for answer in again] == [200, 200]
    text = again[0][2].decode()
    assert "killing 14 soldiers" in text
    assert "11 soldiers were killed" not in text
    entry = next(e for e in entries(room, "harbour-wire") if e.get("link") == page)
    assert "kills 14 soldiers" in entry.title
    assert entry.updated.startswith("2026-03-03")
    assert ask(room.url("kupiansk-shelling"))[0] == 200


def test_log(room: Newsroom) -> None:
    """``/__log`` tells each request with its status, and whether it was conditional."""
    url = room.sources()[0]["url"]
    tag = ask(url)[1]["etag"]
    ask(url, {"If-None-Match": tag, "User-Agent": "tocsin/1"})
    log = json.loads(ask(room.base("difaf") + "/__log")[2])
    assert [(line["status"], line["conditional"]) for line in log] == [(200, False), (304, True)]
    assert log[1] == room.log[1]
    assert (log[1]["agent"], log[1]["path"]) == ("tocsin/1", "/rss.xml")


def test_expected_is_complete(content: Content) -> None:
    """expected.json holds every entry of every feed and every file, and nothing else."""
    files = (ROOT / "deploy/demo/newsroom/folder").glob("*.txt")
    shown: set[tuple[str, str | None]] = {(FOLDER_SOURCE, file.name) for file in files}
    for publisher in content.publishers.values():
        for plan in publisher.feeds:
            for day in (1, 2):
                shown |= {(plan.source, a.id) for a in content.entries(publisher.id, plan, day)}
            shown |= {(plan.source, None)} if plan.broken else set()
    told = [(entry["source"], entry["entry"]) for entry in expected()["entries"]]
    assert len(told) == len(set(told))
    assert set(told) == shown


def test_expected_is_consistent(content: Content) -> None:
    """Each fate follows from the article, each story is stored once, and the accounts add up."""
    truth = expected()
    by_id = {article.id: article for article in content.articles}
    stored = [e["story"] for e in truth["entries"] if e["fate"] == "stored"]
    assert len(stored) == len(set(stored))
    for entry in truth["entries"]:
        article = by_id.get(entry["entry"])
        if article is not None:
            assert entry["day"] == article.day
            assert (entry["reason"] == "not-relevant") == (article.kind != "conflict")
            assert entry["fate"] != "duplicate" or entry["story"] in stored
            assert entry.get("copies", article.id) in {article.id, article.wire}
            assert ("after_retry" in entry) == (article.trouble == "503-once")
    for day in (1, 2):
        fates = Counter(e["fate"] for e in truth["entries"] if e["day"] <= day)
        account = dict(truth["account"][f"day{day}"])
        assert account.pop("seen") == fates.total()
        assert +Counter(account) == fates


def test_content_is_what_the_demo_needs(content: Content) -> None:
    """Five languages, 34 articles or more, facts for each conflict story, every swap at work."""
    first = [article for article in content.articles if article.day == 1]
    assert len(first) >= 34
    assert set(Counter(a.language for a in first)) == {"en", "fr", "es", "ru", "ar"}
    assert Counter(a.kind for a in first)["negative"] >= 8
    for article in content.articles:
        assert article.published.utcoffset() is not None
        assert article.kind != "conflict" or article.facts or article.wire, article.id
        for old, _ in article.correction.swaps if article.correction else ():
            assert old in " ".join((article.summary, *article.paragraphs))


def test_keys_are_unique(content: Content) -> None:
    """No two entries of a feed share an id, and one entry has neither id nor date."""
    bare = []
    for publisher in content.publishers.values():
        for plan in publisher.feeds:
            shown = content.entries(publisher.id, plan, 2)
            keys = [k for k in (key(a, publisher, "http://x", plan) for a in shown) if k]
            assert len(keys) == len(set(keys))
            bare += [a.id for a in shown if not a.guid and not a.feed_date]
    assert bare == ["tank-bomb"]


def test_script_writes_a_configuration(tmp_path: Path) -> None:
    """The script says when it is ready, writes a whole tocsin.toml and ends well on SIGTERM."""
    ready, config = tmp_path / "ready.json", tmp_path / "tocsin.toml"
    script = ROOT / "deploy" / "demo" / "newsroom.py"
    command = [sys.executable, str(script), "--ready", str(ready), "--write-config", str(config)]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        try:
            _wait_for(ready, process)
            told = json.loads(ready.read_text())
            table = tomllib.loads(config.read_text())
            assert table["source"] == told["sources"]
            assert table["bus"]["url"] == table["index"]["url"] == "embedded"
            assert ask(told["sources"][0]["url"])[0] == 200
        finally:
            process.terminate()
        assert process.wait(10) == 0


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
