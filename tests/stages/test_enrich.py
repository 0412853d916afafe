"""The enrich stage: every article comes out once, in order, whole."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.enrichment import Component, Draft
from pipeline.errors import Fatal, Skip
from pipeline.events import Article, Place, Relevance, Story
from pipeline.stages import Done, Result
from pipeline.stages.enrich import make
from tests.records import article


class Judge:
    """Relevant when the body says war; fails on poison."""

    name = "judge"
    version = "7"
    needs = frozenset({"body"})
    adds = frozenset({"relevance"})

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[int] = []

    def load(self) -> None:
        pass

    def __call__(self, drafts: Sequence[Draft]) -> None:
        self.calls.append(len(drafts))
        for draft in drafts:
            if "poison" in draft.body:
                raise self.error or RuntimeError("cannot read it")
            score = 0.9 if "war" in draft.body else 0.2
            draft.relevance = Relevance(score=score, relevant=score > 0.5)


class Finder(Judge):
    """Finds one place in everything it is given."""

    name = "finder"
    needs = frozenset({"relevance"})
    adds = frozenset({"places"})

    def __call__(self, drafts: Sequence[Draft]) -> None:
        self.calls.append(len(drafts))
        for draft in drafts:
            draft.places = (Place(name="Arvad"),)


def story(result: Result) -> Story:
    """The story made."""
    assert isinstance(result, Done)
    (made,) = result.made
    assert isinstance(made, Story)
    return made


def run(chain: Sequence[Component], *bodies: str) -> Sequence[Result]:
    """The results of a relevant-only stage over bodies."""
    return make(chain, "relevant")([article(id=body, body=body) for body in bodies])


def test_a_story_takes_over_every_field_of_its_article() -> None:
    """Nothing that the article knows is lost on the way."""
    given = article(
        body="war", authors=("A B",), categories=("world",), canonical="https://example.org/c",
        publisher="Daily", language="en", status="corrected", unknown={"later": 1},
    )  # fmt: skip
    made = story(make([Judge()], "relevant")([given])[0])
    for name in Article.__struct_fields__:
        if name != "schema":
            assert getattr(made, name) == getattr(given, name), name


def test_a_story_says_who_answered_and_what() -> None:
    """Models, relevance and mentions come from the chain."""
    made = story(run([Judge(), Finder()], "war")[0])
    assert made.models == {"judge": "7", "finder": "7"}
    assert made.relevance == Relevance(score=0.9, relevant=True)
    assert made.mentions.places == (Place(name="Arvad"),)


def test_what_is_not_relevant_is_skipped_with_its_score() -> None:
    """The fate says why, and later components never see it."""
    finder = Finder()
    first, second = run([Judge(), finder], "sport", "war")
    assert isinstance(first, Skip)
    assert (first.reason, first.detail) == ("not-relevant", "score 0.20")
    assert story(second).id == "war"
    assert finder.calls == [1]


def test_keep_all_keeps_all() -> None:
    """With keep = all the others become stories too, marked as they are."""
    made = story(make([Judge()], "all")([article(body="sport")])[0])
    assert not made.relevance.relevant


def test_a_bad_record_spoils_only_itself() -> None:
    """The rest of its batch comes out, in order."""
    results = run([Judge()], "war one", "poison", "war two", "sport")
    assert isinstance(results[1], RuntimeError)
    assert [story(results[at]).id for at in (0, 2)] == ["war one", "war two"]
    assert isinstance(results[3], Skip)


def test_a_missing_model_is_the_result_of_all() -> None:
    """Fatal is no record's fault: it is asked for once and stops the process."""
    judge = Judge(Fatal("no model"))
    results = run([judge], "war", "poison", "war")
    assert [type(each) for each in results] == [Fatal] * 3
    assert judge.calls == [3]


@pytest.mark.parametrize("status", ["killed", "withheld"])
def test_a_kill_always_goes_through(status: str) -> None:
    """A kill reaches resolve whatever its text says and whatever fails."""
    judge = Judge()
    made = story(make([judge], "relevant")([article(body="poison", status=status)])[0])
    assert (made.status, made.models, judge.calls) == (status, {}, [])


def test_a_chain_that_cannot_work_is_refused_at_start() -> None:
    """A wrong order and a chain without relevance are errors before the first record."""
    with pytest.raises(ValueError, match="finder needs relevance"):
        make([Finder(), Judge()], "all")
    with pytest.raises(ValueError, match="relevance"):
        make([], "all")


def test_an_empty_batch_is_fine() -> None:
    """No records, no results."""
    assert list(make([Judge()], "all")([])) == []
