"""The newsroom's publishers and articles, read from ``newsroom/`` as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

FOLDER = Path(__file__).parent / "newsroom"
Kind = Literal["conflict", "ordinary", "negative"]


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """One feed of a publisher: where it stands, how it is written, what it shows."""

    source: str
    path: str
    format: str
    only: tuple[str, ...] = ()
    query: str = ""
    full: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Publisher:
    """An invented publisher: its words, the look of its pages and its feeds."""

    id: str
    name: str
    tagline: str
    language: str
    country: str
    template: str
    metadata: str
    feeds: tuple[FeedPlan, ...]
    words: Mapping[str, str]
    menu: tuple[str, ...]
    charset: str = "utf-8"
    inset: bool = False
    disallow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """What the second day changes in an article."""

    title: str
    updated: datetime
    note: str
    swaps: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Article:
    """One article and how its publisher serves it.

    ``day`` is the first day on which it is there and ``last_day`` the last on which the feed
    shows it; ``trouble`` is what its page does (``404``, ``403``, ``503-once``, ``hang``,
    ``huge``); ``wire`` names the article whose text it repeats; ``facts`` is the truth in it.
    """

    id: str
    publisher: str
    language: str
    title: str
    published: datetime
    kind: Kind
    paragraphs: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    summary: str = ""
    section: str = "news"
    folder: str = ""
    facts: tuple[Mapping[str, Any], ...] = ()
    day: int = 1
    last_day: int = 9
    guid: bool = True
    feed_date: bool = True
    page_date: bool = True
    amp: bool = False
    trouble: str = ""
    wire: str = ""
    cut: int = 0
    updated: datetime | None = None
    note: str = ""
    correction: Correction | None = field(default=None, compare=False)

    @property
    def canonical(self) -> str:
        """The path under which the article is known."""
        place = self.folder or f"/{quote(self.section)}/{self.published:%Y/%m/%d}"
        return f"{place}/{self.id}"

    @property
    def path(self) -> str:
        """The path that the feed links to."""
        return f"/amp{self.canonical}" if self.amp else self.canonical

    def on(self, day: int) -> Article:
        """The article as it stands on that day."""
        change = self.correction
        if change is None or day < 2:
            return self
        return replace(
            self,
            title=change.title,
            summary=_swap(self.summary, change.swaps),
            paragraphs=tuple(_swap(text, change.swaps) for text in self.paragraphs),
            updated=change.updated,
            note=change.note,
        )


@dataclass(frozen=True, slots=True)
class Content:
    """All publishers by id and all articles, the newest first."""

    publishers: Mapping[str, Publisher]
    articles: tuple[Article, ...]

    def article(self, id: str) -> Article:
        """The article of that id.

        Raises:
            KeyError: there is none.
        """
        found = next((article for article in self.articles if article.id == id), None)
        if found is None:
            raise KeyError(id)
        return found

    def pages(self, publisher: str, day: int) -> list[Article]:
        """What a publisher has on its site on that day."""
        mine = (a for a in self.articles if a.publisher == publisher and a.day <= day)
        return [article.on(day) for article in mine]

    def entries(self, publisher: str, feed: FeedPlan, day: int) -> list[Article]:
        """What one of its feeds shows on that day."""
        shown = (a for a in self.pages(publisher, day) if day <= a.last_day)
        return [article for article in shown if not feed.only or article.id in feed.only]


def load(folder: Path = FOLDER) -> Content:
    """The newsroom's content.

    Raises:
        ValueError: a file is not what it should be, with its name.
    """
    table = tomllib.loads((folder / "publishers.toml").read_text(encoding="utf-8"))
    publishers = {row["id"]: _publisher(row) for row in table["publisher"]}
    read = [_article(path) for path in sorted(folder.glob("articles/*.md"))]
    texts = {article.id: article.paragraphs for article in read}
    articles = [_wired(article, texts) for article in read]
    articles.sort(key=lambda article: (article.published, article.id), reverse=True)
    return Content(publishers, tuple(articles))


def _publisher(row: dict[str, Any]) -> Publisher:
    feeds = tuple(
        FeedPlan(**{**feed, "only": tuple(feed.get("only", ()))}) for feed in row.pop("feed")
    )
    menu, disallow = tuple(row.pop("menu")), tuple(row.pop("disallow", ()))
    return Publisher(**row, feeds=feeds, menu=menu, disallow=disallow)


def _article(path: Path) -> Article:
    _, front, text = path.read_text(encoding="utf-8").split("+++\n", 2)
    try:
        row = tomllib.loads(front)
        row = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        change = row.pop("correction", None)
        parts = tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())
        return Article(**row, paragraphs=parts, correction=_correction(change))
    except (TypeError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _correction(row: dict[str, Any] | None) -> Correction | None:
    if row is None:
        return None
    swaps = tuple((old, new) for old, new in row["swaps"])
    return Correction(row["title"], row["updated"], row["note"], swaps)


def _wired(article: Article, texts: Mapping[str, tuple[str, ...]]) -> Article:
    if not article.wire:
        return article
    whole = texts[article.wire]
    return replace(article, paragraphs=whole[: len(whole) - article.cut])


def _swap(text: str, swaps: tuple[tuple[str, str], ...]) -> str:
    for old, new in swaps:
        text = text.replace(old, new)
    return text
