"""What stands round a span: a word for its kind, a preposition, water, a bank, or a dateline."""

from __future__ import annotations

import re

from pipeline.enrichment.gazetteer.normal import key
from pipeline.enrichment.words import (
    AFTER,
    BANKS,
    BEFORE,
    KINDS,
    ORGANISATIONS,
    PREPOSITIONS,
    WATERS,
    WATERS_AFTER,
)

_ANY_WATER = "|".join(sorted(map(re.escape, WATERS), key=len, reverse=True))
_LINK = r"(?:de\s+la\s+|de\s+|du\s+|des\s+|del\s+|of\s+|d['’])?"
_WATER_BEFORE = re.compile(rf"\b({_ANY_WATER})\s+{_LINK}$", re.IGNORECASE)
_WATER_AFTER = re.compile(rf"\s({'|'.join(sorted(WATERS_AFTER))})\b", re.IGNORECASE)
_BANK_BEFORE = re.compile(rf"\b(?:{BANKS})\s+$", re.IGNORECASE)
_OPENING = " \t\"“«‘'(—–-"
# "KHARTOUM -", "GOMA, DR Congo (Agency) -", "Paris (AFP) —", "صنعاء -": up to 60 characters before
# a dash that no name has, which stands apart where it is a hyphen.
_DATELINE = re.compile(
    r"\s{0,8}([^\W\d_][^\n()—–:.!?;\"]{1,60}?)(\s{1,3}\([^()\n]{2,40}\))?\s{0,3}(?:[—–]|(?<=\s)-{1,2})\s"
)
DATELINE_WORDS = 8


def kind_around(text: str, start: int, end: int) -> str | None:
    """What the words next to the span call it: province, district or town."""
    if after := AFTER.match(text, end):
        return KINDS[after.group(1).lower()]
    before = BEFORE.search(text[max(0, start - 30) : start])
    return KINDS[before.group(1).lower()] if before else None


def names_organisation(text: str, end: int) -> bool:
    """Whether the next word makes an organisation of the name: "Kabul Times"."""
    following = re.match(r"\s+([^\W\d_]\w*)", text[end : end + 30])
    return bool(following and following.group(1) in ORGANISATIONS)


def preposition_before(text: str, start: int, language: str) -> bool:
    """Whether a preposition of place stands right before the span."""
    words = re.findall(r"[^\W\d_’']+", text[max(0, start - 24) : start])
    return (
        bool(words)
        and text[:start][-1:].isspace()
        and key(words[-1]) in PREPOSITIONS.get(language, frozenset())
    )


def opens_sentence(text: str, start: int) -> bool:
    """Whether the span is the first word of its sentence, where a capital says nothing."""
    before = text[max(0, start - 12) : start].rstrip(_OPENING)
    return not before or before[-1] in ".!?…:\n"


def water(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The name of a river, lake or sea round the span with the word that says so, else None.

    "on the banks of the Niger" has no such word within the name: the span stays as it is.
    """
    name = text[start:end]
    if " " in name and {name.partition(" ")[0].lower(), name.rpartition(" ")[2].lower()} & WATERS:
        return start, end
    lead = text[max(0, start - 30) : start]
    if before := _WATER_BEFORE.search(lead):
        return start - len(lead) + before.start(), end
    if after := _WATER_AFTER.match(text, end):
        return start, after.end()
    return (start, end) if _BANK_BEFORE.search(lead) else None


def governed(text: str, start: int) -> bool:
    """Whether the span is called a province: "ولاية نهر النيل"; a region may be a sea's."""
    before = BEFORE.search(text[max(0, start - 30) : start])
    word = before.group(1).lower() if before else ""
    return KINDS.get(word) == "province" and not word.startswith(("reg", "rég"))


def dateline(body: str) -> int:
    """Where the places of the dateline at the beginning of a body end; 0 where there is none."""
    found = _DATELINE.match(body)
    if not found or len(found.group(1).split()) > DATELINE_WORDS:
        return 0
    first = found.group(1).partition(",")[0]
    uncased = first.upper() == first.lower()
    told = (first.isupper() and len(first) > 2) or (found.group(2) and first[0].isupper())
    return found.end(1) if told or (uncased and len(first.split()) <= 3) else 0
