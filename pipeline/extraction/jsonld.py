"""What a page's JSON-LD says of its article, from whatever shape its author gave it.

Scripts are read with a bound on their number, size, depth and objects; a value of another type
than expected counts as absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

SCRIPTS = 20  # a page has up to 8
SCRIPT_CHARS = 1_000_000  # those with the article's text reach 200,000
OBJECTS = 2_000  # of all scripts; only the graph's own level is walked

Object = dict[str, Any]

_OPENERS = ("<!--", "//<![CDATA[", "// <![CDATA[", "/*<![CDATA[*/", "<![CDATA[")
_CLOSERS = ("-->", "//]]>", "// ]]>", "/*]]>*/", "]]>")
_ARTICLE = re.compile(r"article|posting|report|news|review", re.IGNORECASE)
_HOLDERS = ("@graph", "mainEntity", "mainEntityOfPage")  # never itemListElement: other articles
_ADDRESSES = ("url", "@id", "mainEntityOfPage")


class Graph:
    """The objects of a page's scripts, with the article among them."""

    def __init__(self, scripts: list[str], url: str) -> None:
        self._objects = list(_objects(scripts))
        self._by_id = {key: one for one in self._objects if (key := text(one.get("@id")))}
        articles = [one for one in self._objects if _is_article(one)]
        own = [one for one in articles if url and url in _addresses(one)]
        self.article: Object = (own or articles or [{}])[0]

    def resolve(self, value: object) -> object:
        """The object that a bare ``@id`` stands for; any other value as it is."""
        if isinstance(value, dict) and "name" not in value:
            return self._by_id.get(text(value.get("@id")) or "", value)
        return value

    def names(self, value: object) -> list[str]:
        """The names of one or several persons or organisations, as strings or objects."""
        found: list[str] = []
        for one in value if isinstance(value, list) else [value]:
            resolved = self.resolve(one)
            name = resolved.get("name") if isinstance(resolved, dict) else resolved
            found += [entry for part in _listed(name) if (entry := text(part))]
            if len(found) > SCRIPTS:
                break
        return found

    def first(self, *keys: str) -> str | None:
        """The article's first of these that is a string; else that of any object of a page."""
        pages = [one for one in self._objects if "WebPage" in _types(one)]
        for one in (self.article, *pages[:1]):
            for key in keys:
                if value := text(one.get(key)):
                    return value
        return None


def text(value: object) -> str | None:
    """The value if it is a string with something in it, or the first such of a list."""
    for one in _listed(value)[:3]:
        if isinstance(one, str) and one.strip():
            return one
    return None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _types(one: Object) -> list[str]:
    return [kind for kind in _listed(one.get("@type")) if isinstance(kind, str)]


def _is_article(one: Object) -> bool:
    return any(_ARTICLE.search(kind) for kind in _types(one)) and "MediaOrg" not in str(_types(one))


def _addresses(one: Object) -> set[str]:
    found = set()
    for key in _ADDRESSES:
        value = one.get(key)
        found.add(text(value.get("@id")) if isinstance(value, dict) else text(value))
    return {address for address in found if address}


def _objects(scripts: list[str]) -> Iterator[Object]:
    waiting: list[object] = [_loaded(script) for script in scripts[:SCRIPTS]][::-1]
    seen = 0
    while waiting and seen < OBJECTS:
        seen += 1
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one[:OBJECTS][::-1]
        elif isinstance(one, dict):
            yield one
            waiting += [one[key] for key in _HOLDERS if isinstance(one.get(key), dict | list)]


def _loaded(script: str) -> object:
    """The script's value; many are not quite JSON: in comments, with raw line breaks in strings."""
    script = script[:SCRIPT_CHARS].strip()
    for opener, closer in zip(_OPENERS, _CLOSERS, strict=True):
        script = script.removeprefix(opener).removesuffix(closer).strip()
    script = script.rstrip("; ")
    try:
        return orjson.loads(script)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(script, strict=False)
    except (ValueError, RecursionError):
        return None
