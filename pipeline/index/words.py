"""What people type, as words and phrases; no text whatever is an error."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pipeline.limits import QUERY_CHARS, QUERY_TERMS

_QUOTES = str.maketrans("“”„«»＂", '""""""')
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TERM = re.compile(r'(-?)"([^"]*)(?:"|$)|(\S+)')
_WITHIN = re.compile(r"[^\w'’]")
# As Lucene's arabic_normalization: short vowels and tatweel go, alef, yeh and heh are one each.
_ARABIC = re.compile("[\u0622\u0623\u0625\u0629\u0640\u0649\u064b-\u0652]")
_PLAIN = dict.fromkeys([0x640, *range(0x64B, 0x653)]) | {
    0x622: 0x627,
    0x623: 0x627,
    0x625: 0x627,
    0x649: 0x64A,
    0x629: 0x647,
}


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or a phrase whose words follow each other; ``excluded`` must not be found."""

    text: str
    phrase: bool = False
    excluded: bool = False


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a query: words, "quoted phrases", a leading minus excludes; nothing is syntax.

    At most QUERY_TERMS of the first QUERY_CHARS; a term without a letter or digit stays, since a
    query of such terms alone must find nothing rather than everything.
    """
    clean = _CONTROL.sub(" ", unicodedata.normalize("NFC", text[:QUERY_CHARS]))
    found = _TERM.finditer(clean.translate(_QUOTES))
    terms = (_term(*match.groups(default="")) for match in found)
    return tuple(term for term in terms if term.text)[:QUERY_TERMS]


def _term(minus: str, phrase: str, word: str) -> Term:
    if not word:
        return Term(phrase.strip(), phrase=True, excluded=bool(minus))
    bare = word.replace('"', " ").strip()
    excluded = len(bare) > 1 and bare.startswith("-")
    bare = bare.removeprefix("-") if excluded else bare
    return Term(bare, phrase=bool(_WITHIN.search(bare)), excluded=excluded)


def fold(text: str) -> str:
    """The text as the embedded index splits it; both sides of a comparison go through here."""
    text = unicodedata.normalize("NFC", text)
    return text.translate(_PLAIN) if _ARABIC.search(text) else text
