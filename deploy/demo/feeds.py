"""A publisher's feed in its format: RSS 2.0, 1.0, 0.91 or Atom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from deploy.demo.content import Article, FeedPlan, Publisher

BROKEN = "<item><pubDate>no day at all</pubDate><category>world</category></item>"
"""An entry without title, link, guid and text: nothing that could be an item."""


def feed(plan: FeedPlan, publisher: Publisher, base: str, articles: Sequence[Article]) -> bytes:
    """The bytes of the feed with these entries."""
    text = _FORMATS[plan.format](plan, publisher, base, articles)
    head = f'<?xml version="1.0" encoding="{publisher.charset}"?>\n'
    return (head + text).encode(publisher.charset, "xmlcharrefreplace")


def key(article: Article, publisher: Publisher, base: str, plan: FeedPlan) -> str | None:
    """The entry's own id in that feed, None where the feed gives none."""
    if not article.guid or plan.format in {"rss10", "rss091"}:
        return None
    if plan.full:
        return base + article.path  # a guid that is a permalink
    return f"tag:{publisher.id}.example,2026:{article.id}"


def _link(article: Article, base: str, plan: FeedPlan) -> str:
    return base + article.path + (f"?{plan.query}" if plan.query else "")


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _channel(publisher: Publisher, base: str) -> str:
    return (
        _element("title", publisher.name)
        + _element("link", f"{base}/")
        + _element("description", publisher.tagline)
        + _element("language", publisher.language)
    )


def _rss2(plan: FeedPlan, publisher: Publisher, base: str, articles: Sequence[Article]) -> str:
    items = [_rss2_item(article, plan, publisher, base) for article in articles]
    if plan.broken:
        items.insert(len(items) // 2, BROKEN)
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel>{_channel(publisher, base)}\n" + "\n".join(items) + "\n</channel></rss>\n"
    )


def _rss2_item(article: Article, plan: FeedPlan, publisher: Publisher, base: str) -> str:
    guid = key(article, publisher, base, plan)
    permanent = "true" if plan.full else "false"
    return "".join(
        (
            "<item>",
            _element("title", article.title),
            _element("link", _link(article, base, plan)),
            f'<guid isPermaLink="{permanent}">{escape(guid)}</guid>' if guid else "",
            _element("pubDate", format_datetime(article.published) if article.feed_date else ""),
            _element("atom:updated", article.updated.isoformat() if article.updated else ""),
            *(_element("dc:creator", name) for name in article.authors),
            *(_element("category", tag) for tag in article.tags),
            _element("description", article.summary),
            _element("content:encoded", _html(article)) if plan.full else "",
            "</item>",
        )
    )


def _html(article: Article) -> str:
    marks = [*article.paragraphs, *([article.note] if article.note else [])]
    return "".join(f"<p>{escape(part.removeprefix('## '))}</p>" for part in marks)


def _rss10(plan: FeedPlan, publisher: Publisher, base: str, articles: Sequence[Article]) -> str:
    links = [_link(article, base, plan) for article in articles]
    listed = "".join(f"<rdf:li rdf:resource={quoteattr(link)}/>" for link in links)
    items = "\n".join(
        f"<item rdf:about={quoteattr(link)}>"
        + _element("title", article.title)
        + _element("link", link)
        + _element("description", article.summary)
        + _element("dc:date", article.published.isoformat() if article.feed_date else "")
        + "</item>"
        for article, link in zip(articles, links, strict=True)
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="{base}/">{_element("title", publisher.name)}'
        f"{_element('link', base + '/')}{_element('description', publisher.tagline)}"
        f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n{items}\n</rdf:RDF>\n"
    )


def _rss091(plan: FeedPlan, publisher: Publisher, base: str, articles: Sequence[Article]) -> str:
    items = "\n".join(
        "<item>"
        + _element("title", article.title)
        + _element("link", _link(article, base, plan))
        + _element("description", article.summary)
        + "</item>"
        for article in articles
    )
    return f'<rss version="0.91"><channel>{_channel(publisher, base)}\n{items}\n</channel></rss>\n'


def _atom(plan: FeedPlan, publisher: Publisher, base: str, articles: Sequence[Article]) -> str:
    """Links are relative to ``xml:base``, as some publishing systems write them."""
    newest = max(article.updated or article.published for article in articles)
    entries = "\n".join(_atom_entry(article, plan, publisher, base) for article in articles)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{publisher.language}" '
        f'xml:base="{base}/">{_element("title", publisher.name)}'
        f"<id>tag:{publisher.id}.example,2026:feed</id>{_atom_time('updated', newest)}"
        f'<link rel="self" href="{plan.path.lstrip("/")}"/>\n{entries}\n</feed>\n'
    )


def _atom_entry(article: Article, plan: FeedPlan, publisher: Publisher, base: str) -> str:
    link = _link(article, "", plan).lstrip("/")
    summary = f'<summary type="html">{escape(article.summary)}</summary>' if article.summary else ""
    return "".join(
        (
            "<entry>",
            f'<title type="text">{escape(article.title)}</title>',
            _element("id", key(article, publisher, base, plan) or ""),
            f'<link rel="alternate" href={quoteattr(link)}/>',
            _atom_time("published", article.published),
            _atom_time("updated", article.updated or article.published),
            *(f"<author>{_element('name', name)}</author>" for name in article.authors),
            *(f"<category term={quoteattr(tag)}/>" for tag in article.tags),
            summary,
            "</entry>",
        )
    )


def _atom_time(name: str, time: datetime) -> str:
    return _element(name, time.isoformat())


_FORMATS: dict[str, Callable[[FeedPlan, Publisher, str, Sequence[Article]], str]] = {
    "rss2": _rss2,
    "rss10": _rss10,
    "rss091": _rss091,
    "atom": _atom,
}
