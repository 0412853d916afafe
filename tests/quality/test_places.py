"""Floors for places on short invented news in five languages, full of words that are no places.

``places.jsonl`` lists every place of each paragraph, as written, with its country.  A mention found
is right when it stands where a listed one stands and its country is that one's or left open.  Two
thirds were looked at while the rules were written.  The third whose sha1 divides by three was
measured, never read, twice: at the end, and after the rule for towns where a script is at home.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from pipeline.enrichment import Draft
from pipeline.enrichment.entities import Entities
from pipeline.enrichment.places import Places
from pipeline.events import Evidence, Place

CASES = Path(__file__).with_name("places.jsonl")
# Precision and recall.  Measured in 2+2026.2 on the two thirds, then on the held third: ar 1.00
# 1.00, .86 .86 of 7 names; ru 1.00 1.00, .89 1.00; fr 1.00 1.00, 1.00 1.00; es .95 1.00, .86 1.00;
# en 1.00 1.00, .93 .87.  Before on the held third: ar .43 .86, ru .73 1.00, fr .82 .75, es .56 .83,
# en .83 .67.  Floors lie one wrong or missing name under the worse of the two parts.
FLOORS = {
    "ar": (0.75, 0.71),
    "ru": (0.80, 0.87),
    "fr": (0.92, 0.91),
    "es": (0.75, 0.83),
    "en": (0.86, 0.80),
}
LANGUAGES = tuple(FLOORS)


@dataclass(frozen=True, slots=True)
class Case:
    """One paragraph and every place in it: its name as written, and its country or None."""

    language: str
    text: str
    places: tuple[tuple[str, str | None], ...]

    @property
    def held(self) -> bool:
        """Whether the paragraph is of the third that no rule was written for."""
        return int(hashlib.sha1(self.text.encode()).hexdigest(), 16) % 3 == 0


@dataclass(frozen=True, slots=True)
class Score:
    """How many mentions were right, found and asked for, and what went wrong."""

    hits: int
    found: int
    asked: int
    missed: list[str]
    false: list[str]


@cache
def cases() -> tuple[Case, ...]:
    """Every paragraph."""
    rows = map(json.loads, CASES.read_text("utf-8").splitlines())
    return tuple(
        Case(row["lang"], row["text"], tuple((name, code) for name, code in row["places"]))
        for row in rows
    )


@cache
def components() -> tuple[Entities, Places]:
    """The two components, loaded once."""
    return Entities(everything=True), Places(everything=True)


def judge(case: Case) -> Score:
    """Hold what the components find in a paragraph against its list."""
    draft = Draft(title="", body=case.text, language=case.language)
    for each in components():
        each([draft])
    listed = list(_listed(case))
    told = [(each, mark) for each in draft.places for mark in each.evidence]
    missed, false, hits = {(at, name) for at, name, _ in listed}, [], 0
    for place, mark in told:
        match = next((each for each in listed if _meets(place, mark, each)), None)
        if match is None:
            false.append(f"{case.text[mark.start : mark.end]} -> {place.canonical} {place.country}")
        else:
            hits += (match[0], match[1]) in missed
            missed.discard((match[0], match[1]))
    return Score(hits, len(told), len(listed), [name for _, name in sorted(missed)], false)


def _listed(case: Case) -> Iterator[tuple[int, str, str | None]]:
    at = 0
    for name, country in case.places:
        at = case.text.index(name, at)
        yield at, name, country
        at += len(name)


def _meets(place: Place, mark: Evidence, listed: tuple[int, str, str | None]) -> bool:
    at, name, country = listed
    overlaps = mark.start < at + len(name) and at < mark.end
    return overlaps and place.country in (country, None)


def figures(language: str, *, held: bool) -> tuple[float, float]:
    """Precision and recall over the paragraphs of a language, of the held third or of the rest."""
    chosen = [each for each in cases() if each.language == language and each.held == held]
    scores = [judge(each) for each in chosen]
    hits = sum(each.hits for each in scores)
    return hits / sum(each.found for each in scores), hits / sum(each.asked for each in scores)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_places(language: str, held: bool) -> None:
    """Precision and recall stay above the language's floors, on both parts."""
    measured, floors = figures(language, held=held), FLOORS[language]
    assert measured[0] >= floors[0]
    assert measured[1] >= floors[1]


def test_there_are_enough_cases() -> None:
    """Each language has at least twelve paragraphs, three of them held."""
    for language in LANGUAGES:
        chosen = [each.held for each in cases() if each.language == language]
        assert len(chosen) >= 12
        assert sum(chosen) >= 3
