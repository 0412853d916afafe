"""What makes the parsers slow is taken out of a page before they see it.

Measured (tests/extraction/hostile.py): libxml2 and lexbor are both quadratic in the attributes of
one tag (100,000 take 20 s), lexbor in the depth of open elements (40,000 take 2 s, 100,000 take
24 s), and trafilatura takes 20 µs for each empty element.  What slips through meets the deadline
of the process that works (``limits.EXTRACT_SECONDS``).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import NewType

from pipeline import limits

TAGS = 40_000  # the largest of 381 real news pages has 12,000; trafilatura takes 1 to 6 s for these
MARKS = 30  # on one letter: the Stream-Safe Text Format of UAX 15; NFC is quadratic in them
DEPTH = 1_500  # libxml2 drops everything deeper than 2,048 without a word
ATTRIBUTES = 200  # of one tag; real ones have under 40

_LONG = 1_000  # characters: a shorter tag has too few attributes to matter
_LONG_TAG = re.compile(rf"([A-Za-z][A-Za-z0-9:-]{{0,30}})([^<>]{{{_LONG},}})")  # after its "<"
_MANY = 1_000  # characters, of which a quadratic step is still nothing
_RUN = re.compile(rf"[^\x00-\u02ff]{{{MARKS + 1},}}")  # no mark is below U+0300
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_OPENED = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,30})")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTROL_BYTES = bytes({*range(0x20)} - set(b"\t\n\f\r"))

# Elements that have no content or that the next of their kind closes.
_LISTED = (
    "area base br col embed hr img input link meta param source track wbr"
    " p li dt dd tr td th option thead tbody tfoot colgroup"
    " path circle ellipse line polygon polyline rect stop use"
)
_SHALLOW = frozenset(_LISTED.split())


class HostileError(ValueError):
    """A page that no parser should see; the message says why."""


Tame = NewType("Tame", str)
"""HTML that the parsers may see."""


def tame(html: str) -> Tame:
    """The page without control characters, excess length, tags and attributes.

    Raises:
        HostileError: its elements are nested too deep.
    """
    html = _first_tags(with_few_marks(_without_controls(html[: limits.PAGE_BYTES])))
    html = _with_short_tags(html)
    if html.count("<") > DEPTH and (depth := _depth(html)) > DEPTH:
        raise HostileError(f"elements nested {depth} deep")
    return Tame(html)


def _without_controls(html: str) -> str:
    """The page without what ``_CONTROLS`` lists; its search takes 3 times as long as the bytes'."""
    try:
        told = html.encode()
    except UnicodeEncodeError:  # a surrogate
        return _CONTROLS.sub("", html)
    clean = len(told.translate(None, _CONTROL_BYTES)) == len(told)
    return html if clean and not ("\ufffe" in html or "\uffff" in html) else _CONTROLS.sub("", html)


def with_few_marks(text: str) -> str:
    """The text without the combining marks that no reader can tell apart any more."""
    if text.isascii() or len(text.encode("utf-8", "surrogatepass")) - len(text) <= _MANY:
        return text  # the second is a bound on the next, and quicker
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return _RUN.sub(_few_marks, text) if beyond_ascii > _MANY else text


def _few_marks(found: re.Match[str]) -> str:
    kept, marks = [], 0
    for char in found[0]:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MARKS:
            kept.append(char)
    return "".join(kept)


def _first_tags(html: str) -> str:
    """The page up to its last tag allowed: the article stands before it if anywhere."""
    if html.count("<") <= TAGS:
        return html
    end = -1
    for _ in range(TAGS):
        end = html.index("<", end + 1)
    return html[:end]


def _with_short_tags(html: str) -> str:
    """The page with no tag of too many attributes; cut at each "<" it is read without a search."""
    before, *tags = html.split("<")
    long = [at for at, tag in enumerate(tags) if len(tag) > _LONG and _LONG_TAG.match(tag)]
    for at in long:
        tags[at] = _LONG_TAG.sub(_without_excess, tags[at], count=1)
    return "<".join((before, *tags)) if long else html


def _without_excess(tag: re.Match[str]) -> str:
    names = _QUOTED.sub(" ", tag[2]).replace("/", " ").split()
    return tag[0] if len(names) <= ATTRIBUTES else f"{tag[1]} "


def _depth(html: str) -> int:
    """At least how deep elements are nested where none closes another of a different name."""
    opened: Counter[str] = Counter()
    depth = deepest = 0
    for closing, name in _OPENED.findall(html):
        kind = name.lower()
        if kind in _SHALLOW:
            continue
        if not closing:
            opened[kind] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[kind]:
            opened[kind] -= 1
            depth -= 1
    return deepest
