"""Where sentences begin and end, in any language, as code point offsets into the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

# Ends that need a space after them, and ends of scripts that write none; all of bounded length, or
# a text of full stops alone would take the square of its length.
_END = re.compile(r"[.!?…؟۔।॥]{1,6}+[\"'”’»)\]]{0,4}+(?=\s)|[。！？]{1,6}+[」』”’）]{0,4}+|\n")
_WORD = re.compile(r"[^\s(\"“«‘'\[]*$")
_SINGLE = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")  # an initial, or U.S, e.g, т.е
# Words that end in a full stop inside a sentence; those of all languages together, since a
# Russian "ул" ends no English sentence.
_SHORT_WORDS = (
    "mr mrs ms dr prof sen rep gov gen lt col maj capt cpl sgt adm brig cmdr pres rev hon st mt "
    "ft no nos vs etc inc ltd co corp jan feb mar apr jun jul aug sept sep oct nov dec approx "
    "est dept univ fig vol art al m mme mlle mm sr sra srta dña ud uds gral cnel tte av núm "
    "págs pág ст ул им обл г гг тыс млн млрд руб пер просп пос гор ген см рис стр bzw z.b u.a "
    "d.h hr fr nr str bd dz ca sog usw yrd doç gn vb bkz"
)
_SHORT = frozenset(_SHORT_WORDS.split())
LONGEST = 1_000  # code points of a sentence; a longer one is a list or a table, cut at a space


def spans(text: str) -> list[tuple[int, int]]:
    """Split ``text`` into (start, end) spans without the space around them, in order."""
    found, start = [], 0
    for match in _END.finditer(text):
        if _ends(text, start, match):
            found += _trimmed(text, start, match.end())
            start = match.end()
    return found + _trimmed(text, start, len(text))


def around(sentences: Sequence[tuple[int, int]], text: str, start: int, end: int) -> str:
    """The sentence or sentences that hold the span from ``start`` to ``end``."""
    first = max(0, bisect_right(sentences, (start, len(text))) - 1)
    last = max(first, bisect_right(sentences, (max(start, end - 1), len(text))) - 1)
    if not sentences:
        return text[start:end]
    return text[sentences[first][0] : max(end, sentences[last][1])]


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] != "." or len(mark) > 1:
        return True
    following = text[match.end() : match.end() + 12].lstrip(" \t\r\"'“«‘([—–-")
    if following[:1].islower():
        return False
    word = _word_before(text, start, match.start())
    if following[:1].isdigit() and word.lower() in {"no", "nos", "nr", "núm", "fig", "art", "ст"}:
        return False
    return not (word.lower() in _SHORT or (_SINGLE.fullmatch(word) and word.isascii()))


def _word_before(text: str, start: int, at: int) -> str:
    found = _WORD.search(text, max(start, at - 20), at)
    return found.group() if found else ""


def _trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    found = []
    while end - start > LONGEST:
        cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        cut = cut if cut > 0 else start + LONGEST
        found.append((start, cut))
        start = cut + 1 if text[cut].isspace() else cut
    return [*found, (start, end)] if end > start else found
