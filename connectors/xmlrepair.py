"""Repairs of one entry's XML that change nothing but what could not be read."""

from __future__ import annotations

import re
from html.entities import html5
from xml.parsers import expat

MAX_REPAIR = 1_000_000  # characters of one entry; 1.2 million "<!--" took 7 s
MAX_DEPTH = 200  # full text in XHTML has 30
MAX_ATTRIBUTES = 200  # 350,000 on one tag took over 8 minutes
MAX_NAMES = 1_000  # of one entry; of 180,000 categories each is compared with each
MAX_NAME = 5_000  # characters; the search for an e-mail address in 100,000 takes 10 s
MAX_NAMESPACES = 50_000  # declarations; Word's HTML makes 10 in every entry
_COUNTED = (
    *("author", "name", "email", "creator", "contributor", "publisher", "managingeditor", "owner"),
    *("webmaster", "category", "subject", "keywords", "tags", "link", "credit"),
)
_MARK = re.compile(r"<!\[CDATA\[|\]\]>|<!--|-->")
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->"}
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_AMPERSAND = re.compile(r"&(?:#(\d{1,8});|#[xX]([0-9a-fA-F]{1,8});|(\w{1,40});)?")
_STRAY = re.compile(r"<(?![A-Za-z_:/!?])")
_XML = ("amp", "lt", "gt", "quot", "apos")
# elements whose content is text or HTML, never other elements that we read
_TEXTS = (
    "title",
    "description",
    "summary",
    "content",
    "content:encoded",
    "dc:description",
    "dc:title",
    "media:title",
    "media:description",
)
# a character cut in two where a text was shortened: before its end or an ellipsis
_CUT_CHARACTER = re.compile(
    "[\udcc2-\udcf4][\udc80-\udcbf]{0,2}(?=\\s*(?:\\.\\.\\.|…|\\[|&#8230;|&hellip;|</|\\]\\]>))"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Shape:
    """Counts what makes feedparser take the square of a document's size."""

    def __init__(self) -> None:
        self._depth = self._namespaces = self._names = self._text = 0
        self._inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH or len(attributes) > MAX_ATTRIBUTES:
            raise ValueError("nested too deeply, or a tag with too many attributes")
        local = name.rpartition(" ")[2].lower()
        if local in ("item", "entry"):
            self._names = 0
        self._inside = local in _COUNTED
        if self._inside:
            self._text = 0
            self._names += 1
            if self._names > MAX_NAMES:
                raise ValueError(f"more than {MAX_NAMES:,} authors and categories")

    def end(self, name: str) -> None:
        self._depth -= 1
        self._inside = False

    def text(self, data: str) -> None:
        self._text += len(data)
        if self._inside and self._text > MAX_NAME:
            raise ValueError(f"an author or category of more than {MAX_NAME:,} characters")

    def namespace(self, prefix: str | None, uri: str) -> None:
        self._namespaces += 1
        if self._namespaces > MAX_NAMESPACES:
            raise ValueError("too many declarations of namespaces")


def check(text: str) -> str | None:
    """Why the text is not XML that can be read safely, None where it is."""
    parser = expat.ParserCreate(namespace_separator=" ")
    shape = _Shape()
    parser.StartElementHandler = shape.start
    parser.EndElementHandler = shape.end
    parser.CharacterDataHandler = shape.text
    parser.buffer_text = True
    parser.StartNamespaceDeclHandler = shape.namespace
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        return f"not well-formed XML: {error}"
    except ValueError as error:
        return str(error)
    return None


def repair(entry: str, bare: str, *, atom: bool = False) -> tuple[str | None, str]:
    """The entry as well-formed XML and "", or None and why it cannot be read with certainty.

    ``bare`` is a start tag ``<r ...>`` that declares the prefixes used.
    """
    entry = _CUT_CHARACTER.sub("\ufffd", entry)
    if _SURROGATE.search(entry):
        return None, "bytes that the document's encoding does not know"
    if "\x00" in entry:
        return None, "bytes of zero in the text"
    reason = check(f"{bare}{entry}</r>")
    if reason is None:
        return entry, ""
    if len(entry) > MAX_REPAIR:
        return None, f"{reason}, and too long to repair"
    for attempt in (escape_stray(entry), escape_stray(_texts_escaped(entry, atom))):
        if check(f"{bare}{attempt}</r>") is None:
            return attempt, ""
    return None, reason


def escape_stray(text: str) -> str:
    """The text without the characters that XML forbids, with stray ``&`` and ``<`` escaped."""
    pieces = _pieces(_CONTROL.sub(" ", text))
    pieces[::2] = [_AMPERSAND.sub(_reference, _STRAY.sub("&lt;", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def _pieces(text: str) -> list[str]:
    """The text cut so that every second piece is a comment or CDATA section; one pass."""
    pieces: list[str] = []
    at, start, wanted = 0, 0, ""
    for mark in _MARK.finditer(text):
        if not wanted and mark[0] in _ENDS:
            start, wanted = mark.start(), _ENDS[mark[0]]
        elif wanted == mark[0]:
            pieces += (text[at:start], text[start : mark.end()])
            at, wanted = mark.end(), ""
    return [*pieces, text[at:]]


def _reference(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if decimal or hexadecimal:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        return found[0] if _is_character(code) else ""
    if name in _XML:
        return found[0]
    character = html5.get(f"{name};") if name else None
    return character if character and character not in "<>&" else "&amp;" + found[0][1:]


def _is_character(code: int) -> bool:
    return (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )


def _texts_escaped(entry: str, atom: bool) -> str:
    """The entry with unescaped HTML in its texts escaped.

    Only in an element that opens once and closes once, so that what is its text is certain.
    """
    for name in _TEXTS:
        entry = _escaped(entry, name, atom)
    return entry


def _escaped(entry: str, name: str, atom: bool) -> str:
    starts = list(re.finditer(rf"<{name}(\s[^<>]*)?>", entry))
    ends = list(re.finditer(rf"</{name}\s*>", entry))
    if len(starts) != 1 or len(ends) != 1 or starts[0].end() > ends[0].start():
        return entry
    inner = entry[starts[0].end() : ends[0].start()]
    if "<" not in inner or "<![CDATA[" in inner:
        return entry
    start = starts[0][0]
    if atom:
        start = re.sub(r"""\stype\s*=\s*(?:"[^"]*"|'[^']*')""", "", start)[:-1] + ' type="html">'
    quoted = inner.replace("&", "&amp;").replace("<", "&lt;")
    return entry[: starts[0].start()] + start + quoted + entry[ends[0].start() :]
