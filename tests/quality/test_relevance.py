"""Floors for relevance on the third of our cases that is never trained on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.relevance_data import Example, cases
from pipeline.enrichment.relevance import DECIDED, ConflictRelevance

TAUGHT = ("en", "fr", "es", "ru", "ar")


@pytest.fixture(scope="module")
def judged() -> list[tuple[Example, bool]]:
    """Each untouched case with what the component says."""
    component = ConflictRelevance()
    chosen = [each for each in cases() if each.held or each.language not in TAUGHT]
    return [(e, component.of(e.title, e.text, e.language).relevant) for e in chosen]


def f1(judged: list[tuple[Example, bool]], chosen: Callable[[Example], bool]) -> float:
    """F1 over the cases chosen."""
    pairs = [(bool(each.label), said) for each, said in judged if chosen(each)]
    hits = sum(label and said for label, said in pairs)
    return 2 * hits / sum(label + said for label, said in pairs)


def test_all_taught_languages_together(judged: list[tuple[Example, bool]]) -> None:
    """F1 over the five languages of the cases is at least .93 (measured .936 in 2026.2)."""
    assert f1(judged, lambda each: each.language in TAUGHT) >= 0.93


@pytest.mark.parametrize("language", TAUGHT)
def test_each_taught_language(judged: list[tuple[Example, bool]], language: str) -> None:
    """No language of the five falls below .90 (the least, Russian, measured .909)."""
    assert f1(judged, lambda each: each.language == language) >= 0.90


def test_languages_that_it_was_not_taught(judged: list[tuple[Example, bool]]) -> None:
    """Portuguese, Turkish, Chinese and Ukrainian, none of them trained on, reach .90 together."""
    new = DECIDED.difference(TAUGHT)
    assert f1(judged, lambda each: each.language in new) >= 0.90


def test_hard_negatives_are_rejected(judged: list[tuple[Example, bool]]) -> None:
    """At most 5 in 100 of price wars, strikers, gas bottles and the like pass."""
    said = [said for each, said in judged if not each.label and each.language in DECIDED]
    assert sum(said) / len(said) <= 0.05
