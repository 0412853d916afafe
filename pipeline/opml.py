"""Lists of feeds as OPML, the broken ones too: 40 of 59 lists found in the wild are no XML."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from connectors.base import short_hash
from connectors.encoding import decode
from connectors.xmlrepair import escape_stray
from pipeline.durations import duration, written
from pipeline.source import INTERVAL, Source

BETWEEN = " / "
"""Stands between the folders in ``Source.group``."""

_SPACE = "https://github.com/tocsin/opml"
_OURS = f"{{{_SPACE}}}"
_TAG = re.compile(r"""<(/?)outline\b((?:[^<>"']|"[^"]*"|'[^']*')*)>""", re.IGNORECASE)
_LOOSE = re.compile(r"""\bxmlUrl\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')""")
_WORD = re.compile(r"[\W_]+")
_MAX_NAME = 80
_MAX_DEPTH = 20

Outline = tuple[tuple[str, ...], Mapping[str, str]]
"""The folders an outline with an address lies in, and its attributes."""


def import_opml(data: bytes, file: str = "") -> list[Source]:
    """Every feed in the list, in order, with the folders it lies in.

    A parser that recovers reads the list first; where it finds fewer addresses than stand
    there, the tags alone are read.
    """
    text, _ = decode(data)
    wanted = [_address(found[1][1:-1]) for found in _LOOSE.finditer(text)]
    outlines = list(_parsed(text))
    if sorted(_url(a) for _, a in outlines) != sorted(wanted):
        outlines = list(_scanned(text))
        have = {_url(attributes) for _, attributes in outlines}
        outlines += [((), {"xmlurl": url}) for url in wanted if url not in have]
    names: set[str] = set()
    sources = []
    for folders, attributes in outlines:
        if _url(attributes):
            sources.append(_source(folders, attributes, names))
            names.add(sources[-1].name)
    return sources


def export_opml(sources: Iterable[Source]) -> bytes:
    """The sources as OPML 2.0, with their folders; :func:`import_opml` gives the same sources."""
    root = etree.Element("opml", version="2.0", nsmap={"tocsin": _SPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Tocsin sources"
    body = etree.SubElement(root, "body")
    folders: dict[tuple[str, ...], Any] = {(): body}
    for source in sources:
        path = tuple(source.group.split(BETWEEN)) if source.group else ()
        for depth in range(1, len(path) + 1):
            if path[:depth] not in folders:
                name = path[depth - 1]
                parent = folders[path[: depth - 1]]
                folders[path[:depth]] = etree.SubElement(parent, "outline", text=name, title=name)
        etree.SubElement(folders[path], "outline", _attributes(source))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _attributes(source: Source) -> dict[str, str]:
    title = source.publisher or source.name
    ours: dict[str, str | None] = {
        "name": source.name,
        "kind": source.kind if source.kind != "feed" else None,
        "interval": written(source.interval) if source.interval != INTERVAL else None,
        "publisher": source.publisher,
        "country": source.country,
        "tier": str(source.tier) if source.tier is not None else None,
        "enabled": None if source.enabled else "false",
        "options": json.dumps(dict(source.options)) if source.options else None,
    }
    plain = {"type": "rss", "text": title, "title": title, "xmlUrl": source.url}
    if source.language:
        plain["language"] = source.language
    return {**plain, **{_OURS + key: value for key, value in ours.items() if value is not None}}


def _source(folders: tuple[str, ...], attributes: Mapping[str, str], names: set[str]) -> Source:
    ours = {key.rpartition(":")[2]: v for key, v in attributes.items() if key.startswith("tocsin:")}
    title = " ".join((attributes.get("title") or attributes.get("text") or "").split())
    url = _url(attributes)
    name = ours.get("name") or _WORD.sub("-", title.casefold()).strip("-")[:_MAX_NAME] or "feed"
    if name in names:  # by the address, so that it stays when the list grows
        name = f"{name}-{short_hash(url)[:6]}"
    while name in names:
        name += "-2"
    tier = ours.get("tier", "")
    return Source(
        name=name,
        url=url,
        kind=ours.get("kind", "feed"),
        interval=_interval(ours.get("interval")),
        options=_options(ours.get("options")),
        publisher=ours.get("publisher") or (None if "name" in ours else title or None),
        country=ours.get("country"),
        language=attributes.get("language") or None,
        tier=int(tier) if re.fullmatch(r"-?\d{1,6}", tier) else None,
        enabled=ours.get("enabled") != "false",
        group=BETWEEN.join(folders) or None,
    )


def _interval(text: str | None) -> float:
    try:
        return duration(text or INTERVAL) or INTERVAL
    except ValueError:
        return INTERVAL


def _options(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _parsed(text: str) -> Iterator[Outline]:
    """By a parser that recovers; bare ampersands are escaped first, since it would drop them."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    start = max(text.lower().find("<opml"), 0)
    repaired = escape_stray(text[start:]).encode("utf-8", "replace")
    try:
        root = etree.fromstring(repaired, parser)
    except etree.XMLSyntaxError:
        return
    if root is None:
        return
    for element in root.iter("{*}outline"):
        attributes = {_known(str(key)): str(value) for key, value in element.attrib.items()}
        if _url(attributes):
            above = [_title(parent) for parent in element.iterancestors("{*}outline")]
            yield tuple(name for name in reversed(above) if name)[:_MAX_DEPTH], attributes


def _title(element: Any) -> str:
    return _folder(element.get("text") or element.get("title") or "")


def _folder(name: str) -> str:
    return " ".join(name.replace(BETWEEN, "/").split())


def _known(key: str) -> str:
    return key.replace(_OURS, "tocsin:").lower()


def _scanned(text: str) -> Iterator[Outline]:
    """By the tags alone, whatever stands between them."""
    folders: list[str] = []
    for tag in _TAG.finditer(text):
        if tag[1]:
            del folders[-1:]
            continue
        pairs = _ATTRIBUTE.findall(tag[2])
        attributes = {key.lower(): html.unescape(value[1:-1]).strip() for key, value in pairs}
        if _url(attributes):
            yield tuple(name for name in folders if name)[:_MAX_DEPTH], attributes
        if not tag[2].rstrip().endswith("/"):
            folders.append(_folder(attributes.get("text") or attributes.get("title") or ""))


def _url(attributes: Mapping[str, str]) -> str:
    return attributes.get("xmlurl", "").strip()


def _address(raw: str) -> str:
    return html.unescape(raw).strip()
