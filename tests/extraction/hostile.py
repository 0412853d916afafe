"""Pages that make parsers slow or large, made here so that none of them lies in the repository."""

from __future__ import annotations

from collections.abc import Callable

_SENTENCE = b"shells fell on the market of Karvana on Friday, officials of the province said.</p>"
TEXT = b"".join(b"<p>%d " % number + _SENTENCE for number in range(30))


def _page(body: bytes, head: bytes = b"") -> bytes:
    return b"<!DOCTYPE html><html><head><title>t</title>%s</head><body>%s</body></html>" % (
        head,
        body,
    )


def _tag(attributes: bytes) -> bytes:
    return _page(b"<div " + attributes + b">x</div>" + TEXT)


def _script(content: bytes) -> bytes:
    return _page(TEXT, b"<script type='application/ld+json'>" + content + b"</script>")


def _many(form: bytes, count: int) -> bytes:
    return b"".join(form % number for number in range(count))


CASES: dict[str, Callable[[], bytes]] = {
    "50 MB of paragraphs": lambda: _page(b"<p>a " * 10_000_000),
    "identical paragraphs": lambda: _page((b"<p>The " + _SENTENCE) * 48_000),
    "different paragraphs": lambda: _page(_many(b"<p>%d " + _SENTENCE, 48_000)),
    "100,000 attributes": lambda: _tag(_many(b"a%d='x' ", 100_000)),
    "100,000 attributes without values": lambda: _tag(_many(b"a%d/", 100_000)),
    "100,000 attributes and a bracket": lambda: _tag(_many(b"a%d='x' ", 100_000) + b"z='<'"),
    "9 MB attribute": lambda: _tag(b"data-x='" + b"y" * 9_000_000 + b"'"),
    "9 MB class": lambda: _tag(b"class='" + b"y " * 4_500_000 + b"'"),
    "links": lambda: _page(_many(b"<a href='/x%d'>link</a> ", 150_000)),
    "line breaks": lambda: _page(b"<br>" * 600_000 + TEXT),
    "divisions in 5,000": lambda: _page(b"<div>" * 5_000 + TEXT + b"</div>" * 5_000),
    "divisions in 100,000": lambda: _page(b"<div>" * 100_000 + TEXT),
    "bold in 100,000": lambda: _page(b"<b>" * 100_000 + TEXT),
    "tables in 20,000": lambda: _page(b"<table><tr><td>" * 20_000 + TEXT),
    "lists in 20,000": lambda: _page(b"<ul><li>" * 20_000 + TEXT),
    "divisions in 1,400": lambda: _page(b"<div>" * 1_400 + TEXT),
    "8 MB of authors": lambda: _script(
        b'{"@type":"Article","author":"' + b"A, " * 2_700_000 + b'"}'
    ),
    "lists in JSON-LD": lambda: _script(b"[" * 1_000_000 + b"]" * 1_000_000),
    "objects in JSON-LD": lambda: _script(b'{"@graph":' * 400_000),
    "many graphs in JSON-LD": lambda: _script(b'{"@graph":[' + b'{"a":1},' * 400_000 + b"{}]}"),
    "comments open": lambda: _page(b"<!--" * 1_000_000 + TEXT),
    "comments closed": lambda: _page(b"<!-- -->" * 500_000 + TEXT),
    "angle brackets": lambda: _page(b"<" * 4_900_000),
    "tags open": lambda: _page(b"<a" * 2_400_000),
    "quotes open": lambda: _page(b'<a href="' * 500_000),
    "scripts open": lambda: _page(TEXT + b"<script>" * 600_000),
    "ampersands": lambda: _page(b"&" * 4_900_000),
    "one word": lambda: _page(b"<p>" + b"a" * 4_900_000 + b"</p>"),
    "spaces": lambda: _page(b"<p>a" + b" " * 4_900_000 + b"b</p>"),
    "new lines": lambda: _page(b"<p>a" + b"\n" * 4_900_000 + b"b</p>"),
    "NULs": lambda: _page(b"\0" * 4_900_000),
    "metas": lambda: _page(TEXT, b"<meta name='author' content='A B'>" * 140_000),
    "long title": lambda: _page(TEXT, b"<meta property='og:title' content='" + b"t - " * 1_000_000),
    "times": lambda: _page(b"<time datetime='2026-01-01T00:00:00Z'>x</time>" * 100_000),
    "long date": lambda: _page(TEXT + b"<time datetime='" + b"1" * 4_000_000 + b"'>x</time>"),
    "not in any encoding": lambda: _page(b"<p>" + bytes(range(128, 256)) * 38_000),
    "combining marks": lambda: _page(b"<p>a" + "\u0301\u0323".encode() * 1_100_000),
}


def hang() -> bytes:
    """What gets past the checks by a bracket in every hundredth attribute: 40 s for lexbor."""
    return _tag(_many(b"a%d='x' ", 200_000).replace(b"00='x' ", b"00='<' "))
