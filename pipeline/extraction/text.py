"""From characters to the text that is stored: paragraphs as lines, nothing invisible in it.

All that leaves this module is NFC without control, zero-width and bidi characters, so an offset
counts the code points that a reader sees, and cleaning it again changes nothing.
"""

from __future__ import annotations

import html as entities
import itertools
import re
import unicodedata

import lxml.html
import trafilatura
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from pipeline import limits
from pipeline.extraction.hostile import Tame, tame, with_few_marks

_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_BLOCK = re.compile(
    r"</?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|pre|section|article|aside"
    r"|header|footer|figure|figcaption|main|nav|center|body|title)\b[^<>]*>",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…。!?؟۔।][\"'»”’)\]]*(?=\s)|(?=\n)")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_ENDS = (".", "!", "?", "…", ":", '"', "”", "»", "؟", "۔")
_UNREAD = ("script", "style", "noscript", "template", "iframe", "object", "svg", "head")
_NOT_READ = ("link", "meta", "style", "svg")  # trafilatura takes them out of 3 copies of the tree
_WRAPPED = 120  # the longest line of text broken for a teleprinter or a terminal


def clean(text: str) -> str:
    """The text in NFC, its lines without invisible characters, empty lines and double spaces."""
    if text.isascii() and text.isprintable():  # a line: most of what is cleaned is a short name
        return " ".join(text.split())
    text = _INVISIBLE.sub("", _BREAKS.sub("\n", text))
    lines = (" ".join(one.split()) for one in text.split("\n"))
    text = "\n".join(filter(None, lines))
    for _ in range(2):  # NFC may take a mark apart into two
        text = unicodedata.normalize("NFC", with_few_marks(text))
    return text


def line(text: str) -> str:
    """The text cleaned, on one line."""
    return " ".join(clean(text).split())


def cut(text: str, size: int) -> str:
    """At most ``size`` code points of the text, up to the end of a sentence or else of a word."""
    if len(text) <= size:
        return text
    least = size * 4 // 5  # a boundary before this would lose more than it tidies
    ends = [found.end() for found in _SENTENCE_END.finditer(text, least, size + 1)]
    space = max(text.rfind(" ", least, size + 1), text.rfind("\n", least, size + 1))
    end = ends[-1] if ends else space if space > 0 else size
    return text[:end].rstrip()


def body_of(html: Tame) -> str:
    """The main text of a page, its paragraphs as lines; empty where it has none."""
    tree = _tree(html)
    if tree is None:
        return ""
    found = trafilatura.extract(tree, fast=True, include_comments=False, with_metadata=False)
    return cut(clean(found or ""), limits.BODY_CHARS)


def lines_of(text: str) -> str:
    """The text of a piece of HTML or of plain text, its paragraphs as lines.

    HTML that a feed escaped twice is read as what it means.

    Raises:
        HostileError: the piece is nested too deep.
    """
    text = _CDATA.sub("", text[: limits.PAGE_BYTES])
    for _ in range(2):  # once for what it is, once for what was escaped in it
        text = _without_tags(text) if _TAG.search(text) else entities.unescape(_unwrapped(text))
        if not _BLOCK.search(text):
            break
    return cut(clean(text), limits.BODY_CHARS)


def _tree(html: Tame) -> lxml.html.HtmlElement | None:
    """The page as a tree of any depth; trafilatura's own parser stops at 256 and says nothing."""
    parser = etree.HTMLParser(
        huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False, encoding="utf-8"
    )
    # lxml.html looks for the class of each node in Python, which takes a tenth of the whole time
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement))
    try:
        tree = lxml.html.document_fromstring(html.encode("utf-8", "ignore"), parser=parser)
    except etree.ParserError:  # nothing in it
        return None
    etree.strip_elements(tree, *_NOT_READ, with_tail=False)
    return tree


def _without_tags(text: str) -> str:
    if _BLOCK.search(text):
        text = _BLOCK.sub("\n", " ".join(text.split()))
    body = LexborHTMLParser(f"<body>{tame(text)}").body
    if body is None:
        return ""
    body.strip_tags(list(_UNREAD), recursive=True)
    return body.text()


def _unwrapped(text: str) -> str:
    """Plain text whose paragraphs were broken into short lines, as wires send it, made whole."""
    lines = _BREAKS.sub("\n", text).split("\n")
    longest = max(map(len, lines))
    if len(lines) < 4 or longest > _WRAPPED:
        return text
    spaced = any(not line.strip() for line in lines[1:-1])
    made = lines[0].rstrip()
    for before, after in itertools.pairwise(lines):
        full = len(before) * 5 >= longest * 3 and after[:2].strip() != ""
        goes_on = (
            full and after[:1] not in "-•*" and (spaced or not before.rstrip().endswith(_ENDS))
        )
        made += (" " if goes_on else "\n") + after.strip()
    return made
