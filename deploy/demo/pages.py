"""An article as its publisher's page: design from ``newsroom/templates``, metadata in its style."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from string import Template
from typing import Any

from babel.dates import format_datetime

from deploy.demo.content import FOLDER, Article, Publisher

HUGE_PAGE = 6_000_000  # over the 5 MB that a page may have (pipeline/limits.py, PAGE_BYTES)


def page(article: Article, publisher: Publisher, base: str, others: Sequence[Article]) -> bytes:
    """The bytes of the article's page; ``others`` are what it links to beside the text."""
    text = _template("amp" if article.amp else publisher.template).substitute(
        _common(publisher, base),
        title=escape(article.title),
        description=escape(article.summary or article.title),
        url=escape(base + article.path),
        canonical=escape(base + article.canonical),
        section=escape(article.section),
        meta=_METADATA[publisher.metadata](article, publisher, base),
        byline=escape(", ".join(article.authors)),
        dateline=_dateline(article, publisher),
        iso=article.published.isoformat() if article.page_date else "",
        body=_body(article, publisher, others),
        related=_links(others, base),
        tags=" ".join(f'<a rel="tag" href="{base}/tags">{escape(tag)}</a>' for tag in article.tags),
        filler=f"<!-- {'ad slot ' * (HUGE_PAGE // 8)}-->" if article.trouble == "huge" else "",
    )
    return text.encode(publisher.charset, "xmlcharrefreplace")


def front(publisher: Publisher, base: str, articles: Sequence[Article]) -> bytes:
    """The publisher's front page, with links to its articles and its feeds."""
    feeds = "".join(
        f'<link rel="alternate" type="application/{_mime(feed.format)}+xml" href="{feed.path}">'
        for feed in publisher.feeds
    )
    text = _template("front").substitute(
        _common(publisher, base), feeds=feeds, headlines=_links(articles, base)
    )
    return text.encode(publisher.charset, "xmlcharrefreplace")


def _mime(format: str) -> str:
    return "atom" if format == "atom" else "rss"


def _template(name: str) -> Template:
    return Template((FOLDER / "templates" / f"{name}.html").read_text(encoding="utf-8"))


def _common(publisher: Publisher, base: str) -> dict[str, str]:
    words = {f"w_{name}": escape(word) for name, word in publisher.words.items()}
    return words | {
        "lang": publisher.language,
        "charset": publisher.charset,
        "site": escape(publisher.name),
        "tagline": escape(publisher.tagline),
        "base": base,
        "menu": "".join(
            f'<li><a href="{base}/">{escape(word)}</a></li>' for word in publisher.menu
        ),
    }


def _body(article: Article, publisher: Publisher, others: Sequence[Article]) -> str:
    blocks = [_block(part) for part in article.paragraphs]
    if publisher.inset and others and not article.amp and len(blocks) > 3:
        link = f'<a href="{others[0].path}">{escape(others[0].title)}</a>'
        word = escape(publisher.words["related"])
        blocks.insert(2, f'<aside class="read-also"><span>{word}</span> {link}</aside>')
    if article.note:
        blocks.append(f'<p class="correction"><em>{escape(article.note)}</em></p>')
    return "\n".join(blocks)


def _block(part: str) -> str:
    if part.startswith("## "):
        return f"<h2>{escape(part[3:])}</h2>"
    if part.startswith("> "):
        return f"<blockquote><p>{escape(part[2:])}</p></blockquote>"
    return f"<p>{escape(part)}</p>"


def _links(articles: Sequence[Article], base: str) -> str:
    return "".join(f'<li><a href="{base}{a.path}">{escape(a.title)}</a></li>' for a in articles)


def _dateline(article: Article, publisher: Publisher) -> str:
    if not article.page_date:
        return ""
    words = _words(article.published, publisher)
    shown = f'<time datetime="{article.published.isoformat()}">{words}</time>'
    if article.updated is None:
        return shown
    return f"{shown} · {escape(publisher.words['updated'])} {_words(article.updated, publisher)}"


def _words(time: datetime, publisher: Publisher) -> str:
    return escape(format_datetime(time, "d MMMM y, HH:mm", locale=publisher.language))


def _news_article(article: Article, publisher: Publisher, base: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@type": "NewsArticle",
        "headline": article.title,
        "mainEntityOfPage": base + article.canonical,
        "author": [{"@type": "Person", "name": name} for name in article.authors],
        "publisher": {"@type": "Organization", "name": publisher.name},
        "inLanguage": publisher.language,
        "keywords": list(article.tags),
    }
    if article.page_date:
        data["datePublished"] = article.published.isoformat()
        data["dateModified"] = (article.updated or article.published).isoformat()
    return data


def _script(data: object) -> str:
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'


def _jsonld(article: Article, publisher: Publisher, base: str) -> str:
    data = {"@context": "https://schema.org", **_news_article(article, publisher, base)}
    return _script(data)


def _graph(article: Article, publisher: Publisher, base: str) -> str:
    site = {"@type": "WebSite", "name": publisher.name, "url": f"{base}/"}
    nodes = [site, _news_article(article, publisher, base)]
    return _script({"@context": "https://schema.org", "@graph": nodes})


def _opengraph(article: Article, publisher: Publisher, base: str) -> str:
    pairs = [
        ("og:type", "article"),
        ("og:title", article.title),
        ("og:url", base + article.canonical),
        ("og:site_name", publisher.name),
        ("og:locale", publisher.language),
        *(("article:author", name) for name in article.authors),
    ]
    if article.page_date:
        pairs.append(("article:published_time", article.published.isoformat()))
        pairs.append(("article:modified_time", (article.updated or article.published).isoformat()))
    return "\n".join(f'<meta property="{k}" content="{escape(v)}">' for k, v in pairs)


def _plain(article: Article, publisher: Publisher, base: str) -> str:
    """Nothing but what stands in the template: microdata, or only a ``time`` element."""
    return ""


_METADATA: dict[str, Callable[[Article, Publisher, str], str]] = {
    "jsonld": _jsonld,
    "graph": _graph,
    "opengraph": _opengraph,
    "microdata": _plain,
    "time": _plain,
}
