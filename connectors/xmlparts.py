"""A feed's XML cut into its entries, so that a broken one harms no other.

A well-formed document is left as it is.  Of any other the entries are found by their tags alone,
each is checked and, where that can be done with certainty, repaired; the good ones are put together
again into a well-formed document.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.entities import html5
from xml.parsers import expat

from connectors.xmlrepair import check, escape_stray, repair

_ROOT = re.compile(r"<(?:([\w.-]{1,20}):)?(rss|rdf|feed|channel)(?=[\s>/])", re.IGNORECASE)
_PROLOG = re.compile(
    r"\s+|<\?[^>]*>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[[^\]]*\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_ENTITY = re.compile(r"""<!ENTITY\s+(\w{1,40})\s+["'](&#\w{1,8};|[^&"'%<]{0,32})["']""")
_REFERENCE = re.compile(r"&(\w{1,40});")
_PREFIX = re.compile(r"""</?([A-Za-z_][\w.-]{0,40}):\w|\s([A-Za-z_][\w.-]{0,40}):[\w.-]+=["']""")
_DECLARED = re.compile(r"""xmlns:([\w.-]+)\s*=\s*["']""")
_START = re.compile(r"<([\w.:-]+)[^<>]*>")
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "atom": "http://www.w3.org/2005/Atom",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "georss": "http://www.georss.org/georss",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "xhtml": "http://www.w3.org/1999/xhtml",
}
_MAX_EXPANDED = 1_000_000  # characters that declared entities may come to
_MAX_PREFIXES = 100  # a feed has under 20; each costs a declaration in every check


@dataclass(frozen=True, slots=True)
class Part:
    """One entry: as received, and as it can be parsed, or None with the reason why not."""

    raw: str
    good: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A feed: ``whole`` is XML in which the good parts stand between ``head`` and ``tail``."""

    whole: str
    parts: Sequence[Part]
    head: str
    tail: str

    def only(self, part: Part) -> str:
        """A document with this one entry."""
        return f"{self.head}{part.good}{self.tail}"


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where an entry begins and ends, where the next begins, whether its own end tag is there.

    ``after`` of the last is where the last end tag of an entry ends.
    """

    start: int
    end: int
    after: int
    ended: bool


def find_root(text: str) -> re.Match[str] | None:
    """The start of the feed's root element: its prefix and its name; None where there is none."""
    at = 0
    while part := _PROLOG.match(text, at):
        at = part.end()
    # a script's warnings may stand before the root: look a little further
    return _ROOT.search(text, at, at + 100_000)


def split(text: str, most: int) -> Document:
    """The document from its root on, cut into entries.

    Raises:
        ValueError: there is no root element of a feed, or it has more than ``most`` entries.
    """
    root = find_root(text)
    if root is None:
        raise ValueError("no feed")
    body = _expand(text[root.start() :], text[: root.start()])
    atom = root[2].lower() == "feed"
    name = "entry" if atom else "item"
    if body.lower().count(f"<{name}") > most:
        raise ValueError(f"it has more than {most:,} entries: not a news feed")
    cuts = _cuts(body, root[1] or "rss", name)
    if check(body) is None:
        parts = [Part(body[cut.start : cut.end], body[cut.start : cut.end]) for cut in cuts]
        return Document(body, parts, *_frame(body[: cuts[0].start] if cuts else body, atom))
    return _rebuilt(body, cuts, atom)


def _expand(body: str, prolog: str) -> str:
    """Put in the harmless entities that the prolog declares; expat never sees a DOCTYPE."""
    declared = {
        name: html.escape(html.unescape(value))
        for name, value in _ENTITY.findall(prolog)
        if f"{name};" not in html5
    }
    found = _REFERENCE.findall(body) if declared else []
    if not 0 < sum(len(declared.get(name, "")) for name in found) < _MAX_EXPANDED:
        return body
    return _REFERENCE.sub(lambda found: declared.get(found[1], found[0]), body)


def _cuts(text: str, prefix: str, name: str) -> list[_Cut]:
    tokens = list(_tokens(prefix, name).finditer(text))
    quotes = _Quotes([token.lastgroup or "" for token in tokens])
    spans: list[tuple[int, int, bool]] = []
    opened: int | None = None
    index = -1
    while (index := index + 1) < len(tokens):
        token = tokens[index]
        quoted = quotes.end(index, inside=opened is not None)
        if quoted is not None:
            index = quoted
        elif token["open"]:
            if opened is not None:
                spans.append((opened, token.start(), False))
            opened = token.start()
        if opened is not None and (token["close"] or (token["open"] or "").endswith("/>")):
            spans.append((opened, token.end(), True))
            opened = None
    if opened is not None:
        spans.append((opened, len(text), False))
    if not spans:
        return []
    last = tokens[-1].end() if tokens[-1]["close"] else 0
    afters = [start for start, _, _ in spans[1:]] + [max(spans[-1][1], last)]
    return [_Cut(a, b, after, e) for (a, b, e), after in zip(spans, afters, strict=True)]


def _tokens(prefix: str, name: str) -> re.Pattern[str]:
    tag = rf"(?:{re.escape(prefix)}:)?{name}"
    return re.compile(
        r"(?P<comment><!--)|(?P<uncomment>-->)|(?P<cdata><!\[CDATA\[)|(?P<uncdata>\]\]>)"
        rf"|(?P<open><{tag}(?:\s[^<>]*)?/?>)|(?P<close></{tag}\s*>)",
        re.IGNORECASE,
    )


class _Quotes:
    """Where comments and CDATA sections end; an unclosed one swallows no neighbour."""

    def __init__(self, kinds: list[str]) -> None:
        self._kinds = kinds
        self._next = {k: _following(kinds, k) for k in ("uncomment", "cdata", "uncdata", "close")}

    def end(self, index: int, *, inside: bool) -> int | None:
        """The index of the token that ends the quotation begun here, None if none begins."""
        kind = self._kinds[index]
        if kind not in ("comment", "cdata"):
            return None
        end = self._next["uncomment" if kind == "comment" else "uncdata"][index]
        close = self._next["close"][index]
        if end is None or (inside and close is not None and self._torn(index, close, end)):
            return None
        return end

    def _torn(self, index: int, close: int, end: int) -> bool:
        """Whether the end that was found belongs to a later quotation.

        A comment begun inside an entry ends in it; a CDATA section may speak of ``</item>``, but
        of no other CDATA section after that.
        """
        nested = self._next["cdata"][index]
        if self._kinds[index] == "comment":
            return close < end
        return nested is not None and close < nested < end


def _following(kinds: list[str], kind: str) -> list[int | None]:
    """For each index the next one of this kind; one pass, since the input is hostile."""
    found: list[int | None] = [None] * len(kinds)
    last: int | None = None
    for index in range(len(kinds) - 1, -1, -1):
        found[index] = last
        if kinds[index] == kind:
            last = index
    return found


def _rebuilt(body: str, cuts: list[_Cut], atom: bool) -> Document:
    prefixes = _prefixes(body)[:_MAX_PREFIXES]
    head, tail = _frame(_bound(body[: cuts[0].start] if cuts else body, prefixes), atom)
    parts = _orphan(body[: cuts[0].start] if cuts else "", atom)
    for cut in cuts:
        part = _part(body, cut, prefixes, atom)
        parts.append(part)
        if part.good is not None:
            parts += _orphan(body[cut.end : cut.after], atom)
    good = "".join(part.good for part in parts if part.good is not None)
    return Document(f"{head}{good}{tail}", parts, head, tail)


def _prefixes(text: str) -> list[str]:
    used = dict.fromkeys(first or second for first, second in _PREFIX.findall(text))
    return [prefix for prefix in used if prefix not in ("xml", "xmlns")]


def _part(text: str, cut: _Cut, prefixes: list[str], atom: bool) -> Part:
    raw = text[cut.start : cut.end]
    if not cut.ended and cut.end == len(text):
        return Part(raw, None, "the document ends inside this entry")
    name = _START.match(raw)
    whole = raw if cut.ended or not name else f"{raw}</{name[1]}>"
    declared = "".join(f' xmlns:{p}="urn:{p}"' for p in _prefixes(raw) if p in prefixes)
    good, reason = repair(whole, f"<r{declared}>", atom=atom)
    return Part(raw if good is not None else text[cut.start : cut.after].rstrip(), good, reason)


def _orphan(text: str, atom: bool) -> list[Part]:
    """What lies between two entries, where it holds the end of one whose start is missing."""
    if not re.search(r"</(?:\w+:)?entry\s*>" if atom else r"</(?:\w+:)?item\s*>", text):
        return []
    return [Part(text.strip(), None, "an entry without its start tag")]


def _frame(head: str, atom: bool) -> tuple[str, str]:
    """What stands before the first entry, and the end tags that close what is open there.

    Of a head that cannot be read only the root's start tag is kept, else a plain one is put there.
    """
    tag = _START.match(head)
    plain = (
        f"<rss{_declarations(head)}>" if not atom else '<feed xmlns="http://www.w3.org/2005/Atom">'
    )
    starts = [head, escape_stray(head)]
    starts += [f"{tag[0]}<channel>" if tag[1].lower() == "rss" else tag[0]] if tag else []
    for start in starts:
        tail = _closing(start)
        if tail and check(start + tail) is None:
            return start, tail
    return (plain, "</feed>") if atom else (f"{plain}<channel>", "</channel></rss>")


def _closing(text: str) -> str:
    """The end tags of the elements that are open at the end of the text."""
    stack: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: stack.append(name)
    parser.EndElementHandler = lambda name: stack.pop()
    try:
        parser.Parse(text.encode("utf-8", "replace"), False)
    except expat.ExpatError:
        return ""
    return "".join(f"</{name}>" for name in reversed(stack))


def _bound(text: str, prefixes: Sequence[str]) -> str:
    """The text with those prefixes declared on its root that no tag in it declares."""
    declared = set(_DECLARED.findall(text))
    spaces = _spaces(p for p in prefixes if p not in declared)
    return re.sub(r"^<[\w.:-]+", lambda found: found[0] + spaces, text, count=1)


def _declarations(head: str) -> str:
    return _spaces(dict.fromkeys(_DECLARED.findall(head)))


def _spaces(prefixes: Iterable[str]) -> str:
    return "".join(f' xmlns:{p}="{_NAMESPACES.get(p, "urn:" + p)}"' for p in prefixes)
