"""Spans of a text that the gazetteer knows, the longest first, in scripts with and without case."""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from pipeline.enrichment.gazetteer import Gazetteer
from pipeline.enrichment.gazetteer.normal import key
from pipeline.enrichment.surroundings import opens_sentence
from pipeline.enrichment.words import KINDS, WATERS

LONGEST = 4  # words of a name
UNSPACED = frozenset({"zh", "ja"})  # in Thai, Burmese, Khmer and Lao folding changes the length
UNSPACED_LONGEST = 12  # characters of a name there
_WORD = re.compile(r"[^\W\d_](?:[\w’'ʼ]|[-‐‑](?=\w)|[\u064b-\u065f\u0900-\u097f])*")
_BETWEEN = re.compile(r"[ \u00a0\t]|[ \u00a0]?[-‐‑–][ \u00a0]?")
# Lower-case words inside a name, and elisions glued to its front ("d'Alep", "l'Iran").
_LINKS_WORDS = "de del la le les el al el- sur en of the and da do dos das du des e y et von am na"
_LINKS = frozenset(_LINKS_WORDS.split())
_ELIDED = re.compile(r"^[dlnsDLNS]['’](?=\w)")
_SUFFIX = re.compile(r"['’]\w+$")  # Turkish: "Halep’te"
_POSSESSIVE = re.compile(r"['’]s?$")


@cache
def _stop_words(language: str) -> frozenset[str]:
    """spaCy's stop words, folded; none for a language that spaCy does not know."""
    try:
        module = importlib.import_module(f"spacy.lang.{language}.stop_words")
    except ImportError:
        return frozenset()
    return frozenset(map(key, module.STOP_WORDS))


def _stops(name: str, language: str) -> bool:
    """Whether the name is a stop word; in scripts without case English ones stand between."""
    return key(name) in _stop_words(language) or (
        name.isascii() and name.lower() in _stop_words("en")
    )


def spans(gazetteer: Gazetteer, text: str, language: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of names that the gazetteer knows, without overlap, in order."""
    if language in UNSPACED:
        yield from _unspaced(gazetteer, text)
        return
    words = [_bounds(match, language) for match in _WORD.finditer(text)]
    at = 0
    while at < len(words):
        count = _known(gazetteer, text, words[at : at + LONGEST], language)
        if count and not _part_of_name(text, words, at, count):
            yield words[at][0], words[at + count - 1][1]
        at += max(count, 1)


def _bounds(match: re.Match[str], language: str) -> tuple[int, int]:
    word, start, end = match.group(), match.start(), match.end()
    if elided := _ELIDED.match(word):
        start += elided.end()
    if language == "tr" and (suffix := _SUFFIX.search(word)):
        return start, end - len(suffix.group())
    if possessive := _POSSESSIVE.search(word):
        end -= len(possessive.group())
    return start, end


def _known(gazetteer: Gazetteer, text: str, words: list[tuple[int, int]], language: str) -> int:
    """How many words from the first on are the longest known name; 0 for none."""
    start, first_end = words[0]
    first = text[start:first_end].lower()
    if not _opens(text[start:first_end]) and first not in WATERS:
        return 0
    for count in range(_joined(text, words), 0, -1):
        name = text[start : words[count - 1][1]]
        last = text[words[count - 1][0] : words[count - 1][1]]
        if count > 1 and not _closes(last):
            continue
        if count == 1 and first in WATERS:
            continue
        if count == 1 and (len(name) < 3 or _stops(name, language)):
            continue
        if gazetteer.lookup(name, language):
            return count
    return 0


def _closes(word: str) -> bool:
    """Whether a name of several words may end with the word."""
    return word.lower() in KINDS or word.lower() in WATERS or (word not in _LINKS and _opens(word))


def _joined(text: str, words: list[tuple[int, int]]) -> int:
    """How many of the words stand side by side with nothing but a space or hyphen between."""
    count = 1
    while count < len(words) and _BETWEEN.fullmatch(text, words[count - 1][1], words[count][0]):
        count += 1
    return count


def _opens(word: str) -> bool:
    """Whether a name may begin with the word: a capital, or a letter of a script without case."""
    return word[0].isupper() or unicodedata.category(word[0]) == "Lo"


def _part_of_name(text: str, words: list[tuple[int, int]], at: int, count: int) -> bool:
    """A known name next to another capitalised word is a person or firm: "Tom Kiev", "Lima Steel".

    A word that opens its sentence is capitalised for that reason and says nothing.
    """
    if not text[words[at][0]].isupper():
        return False
    if (
        at
        and _touches(text, words[at - 1], words[at])
        and not opens_sentence(text, words[at - 1][0])
    ):
        return True
    after = at + count
    return after < len(words) and _touches(text, words[after], words[after - 1])


def _touches(text: str, word: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether ``word`` is capitalised and only a space lies between the two."""
    left, right = min(word, other), max(word, other)
    return text[left[1] : right[0]] == " " and text[word[0]].isupper() and word[1] - word[0] > 1


def _unspaced(gazetteer: Gazetteer, text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(text):
        folded = (
            gazetteer.longest(key(text[at : at + UNSPACED_LONGEST])) if _opens(text[at]) else ""
        )
        if len(folded) >= 2:
            yield at, at + len(folded)
        at += max(len(folded), 1) if len(folded) >= 2 else 1
