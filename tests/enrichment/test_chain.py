"""The chain refuses a wrong order before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.enrichment import Draft, check, load
from pipeline.enrichment.language import Language
from pipeline.enrichment.relevance import ConflictRelevance
from pipeline.errors import Fatal


class Named:
    """A component that does nothing, with any needs."""

    version = "1"

    def __init__(self, name: str, needs: Sequence[str] = (), adds: Sequence[str] = ()) -> None:
        self.name = name
        self.needs = frozenset(needs)
        self.adds = frozenset(adds)

    def load(self) -> None:
        raise Fatal("no model")

    def __call__(self, drafts: Sequence[Draft]) -> None:
        pass


def test_the_real_chain_in_order_passes() -> None:
    """Language before relevance is right."""
    check([Language(), ConflictRelevance()])


def test_a_need_that_comes_later_is_refused_by_name() -> None:
    """Relevance before language is refused, and the message names both sides."""
    with pytest.raises(ValueError, match="relevance needs language"):
        check([ConflictRelevance(), Language()])


def test_a_name_used_twice_is_refused() -> None:
    """Two components of one name would share one line in the story's models."""
    with pytest.raises(ValueError, match="two components are named 'x'"):
        check([Named("x"), Named("x")])


def test_a_field_that_no_draft_has_is_refused() -> None:
    """A misspelt field is found at start."""
    with pytest.raises(ValueError, match="plcaes"):
        check([Named("x", adds=["plcaes"])])


def test_what_is_given_besides_counts() -> None:
    """A caller that has the language already may leave out its component."""
    check([ConflictRelevance()], given={"title", "body", "language"})


def test_a_missing_model_stops_the_start() -> None:
    """Loading the chain passes on the Fatal of a component."""
    with pytest.raises(Fatal, match="no model"):
        load([Named("x")])
