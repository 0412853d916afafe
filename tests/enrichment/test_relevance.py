"""The relevance component: its shape; how well it judges stands in tests/quality."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.enrichment import Draft
from pipeline.enrichment.relevance import (
    DECIDED,
    PASSAGE_CHARS,
    ConflictRelevance,
    Head,
    _open_head,
    passages,
)
from pipeline.errors import Fatal

WAR = "Rebels shelled the town of Arvad on Monday, killing four soldiers, the army said."
SPORT = "The striker scored twice as United beat their rivals in a fierce derby on Monday."


@pytest.fixture(scope="module")
def relevance() -> ConflictRelevance:
    """The component with the model that ships."""
    component = ConflictRelevance()
    component.load()
    return component


def test_a_battle_is_relevant_and_a_derby_is_not(relevance: ConflictRelevance) -> None:
    """The two plainest cases come out right."""
    drafts = [Draft(title="", body=text, language="en") for text in (WAR, SPORT)]
    relevance(drafts)
    assert [d.relevance.relevant for d in drafts if d.relevance] == [True, False]


def test_a_score_hangs_on_its_own_text_only(relevance: ConflictRelevance) -> None:
    """The same text scores the same to the last bit alone and among others."""
    texts = [WAR, SPORT, "Rain.", WAR * 9, SPORT * 20]
    drafts = [Draft(title="", body=text, language="en") for text in texts]
    relevance(drafts)
    assert [d.relevance for d in drafts] == [relevance.of("", text, "en") for text in texts]


def test_capitals_count_as_small_letters(relevance: ConflictRelevance) -> None:
    """A wire in capitals scores as in small letters."""
    assert relevance.of("", WAR.upper(), "en") == relevance.of("", WAR.lower(), "en")


@pytest.mark.parametrize("language", ["fa", "he", "hi", "ur", "sw", "ckb"])
def test_a_language_it_cannot_read_is_kept_undecided(
    relevance: ConflictRelevance, language: str
) -> None:
    """Where the encoder is blind the story is let through and the score says so."""
    said = relevance.of("x", "y", language)
    assert (said.score, said.relevant) == (0.5, True)
    assert language not in DECIDED


def test_no_text_is_not_relevant(relevance: ConflictRelevance) -> None:
    """An empty text scores nothing."""
    assert relevance.of("", " \n", "en").score == 0.0


@pytest.mark.parametrize("body", ["\ud800\udfff" * 9, "\x00" * 99, "a" * 300_000, "漢" * 300_000])
def test_hostile_text_is_judged_in_bounded_time(relevance: ConflictRelevance, body: str) -> None:
    """Broken and endless texts get a score, and only the first passages are read."""
    said = relevance.of(body, body, "en")
    assert 0 <= said.score <= 1
    assert all(len(text) <= 2 * PASSAGE_CHARS for text in passages(body, body))


def test_doubt_reads_on() -> None:
    """A lead in doubt is raised by a later passage, halfway."""
    asked: list[str] = []

    class Words(ConflictRelevance):
        def _of_one(self, text: str) -> float:
            asked.append(text)
            return 0.9 if "war" in text else 0.3

    body = " ".join(["calm"] * 60 + ["war"] * 60 + ["calm"] * 60)
    assert Words().of("title", body).score == pytest.approx(0.6)
    assert len(asked) == 3
    assert Words().of("war", body).score == 0.9
    assert len(asked) == 4


def test_a_head_of_another_version_stops_the_start() -> None:
    """A model file that does not fit the code is an error at start, not a worse answer."""
    with pytest.raises(Fatal, match=r"2026\.2"):
        _open_head("1999.1")


def test_the_head_weighs_nearness_to_what_it_knows() -> None:
    """A text like a known one gets that one's weight; a text at a right angle, e^-2 of it."""
    known = np.eye(3, dtype=np.float32)[:2]
    head = Head("1", known, np.array([2.0, -2.0], dtype=np.float32), 1.0, 0.0)
    far = np.array([0.0, 0.0, 1.0], dtype=np.float32)
    assert [head.score(vector) for vector in (*known, far)] == [0.849, 0.151, 0.5]
