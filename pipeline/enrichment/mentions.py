"""Which spans of a text name a place: spaCy's spans put right by the gazetteer, or a scan by it.

A mention is only a span that may be a place; :mod:`pipeline.enrichment.pinpoint` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.enrichment import Entity
from pipeline.enrichment.gazetteer import Candidate, Gazetteer
from pipeline.enrichment.gazetteer.demonyms import Demonyms
from pipeline.enrichment.gazetteer.normal import key
from pipeline.enrichment.scan import spans
from pipeline.enrichment.words import (
    AFTER,
    BEFORE,
    DIRECTIONS,
    KINDS,
    NO_PLACES,
    ORGANISATIONS,
    PREPOSITIONS,
)

FieldName = Literal["title", "body"]
PLACE_LABELS = frozenset({"GPE", "LOC", "FAC"})
NUMBER_LABELS = frozenset(
    {"DATE", "TIME", "CARDINAL", "ORDINAL", "MONEY", "PERCENT", "QUANTITY", "LANGUAGE"}
)
WIDE = frozenset({"country", "province", "region", "point"})
KNOWN = 15_000  # people of a town that may overrule spaCy's label after a preposition
TOWN = 5_000  # people of a town that is believed without spaCy after a preposition
CITY = 30_000  # the same without a preposition
_CAPITAL = re.compile(r"[^\W\d_][\w’'ʼ-]*")
_CLEAN_START = re.compile(r"^(?:(?:the|The|THE)\s+)+")
_CLEAN_END = re.compile(r"(?:['’]s?|[.,;:\s])+$")


@dataclass(frozen=True, slots=True)
class Mention:
    """A span that may name a place; ``sure`` where a model said so, ``kind`` where the text did."""

    text: str
    field: FieldName
    start: int
    end: int
    candidates: Sequence[Candidate]
    sure: bool = True
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads mentions and demonyms in one language."""

    gazetteer: Gazetteer
    demonyms: Demonyms
    language: str

    def corrected(self, field: FieldName, text: str, found: Sequence[Entity]) -> list[Mention]:
        """Mentions of an English text from spaCy's entities and what they missed."""
        people = {each.text.split()[-1] for each in found if _is_person(each)}
        mentions, taken = [], [(each.start, each.end) for each in found]
        for each in found:
            if (mention := self._from_entity(field, text, each, people)) is not None:
                mentions.append(mention)
        for start, end in self._outside(text, taken):
            if (mention := self._believed(field, text, start, end)) is not None:
                mentions.append(mention)
        return sorted(mentions, key=lambda each: each.start)

    def spotted(self, field: FieldName, text: str) -> list[Mention]:
        """Mentions of a text in a language without spaCy, by the gazetteer alone."""
        found = (
            self._believed(field, text, start, end)
            for start, end in spans(self.gazetteer, text, self.language)
        )
        return [each for each in found if each is not None]

    def given(self, field: FieldName, text: str, start: int, end: int) -> Mention:
        """The mention at a span that is known to name a place; a demonym names its country."""
        people = self.demonyms.country(text[start:end], self.language)
        if people and (country := self.gazetteer.country(people)):
            return Mention(text[start:end], field, start, end, [country])
        start, end, kind, candidates = self._looked_up(text, start, end)
        return Mention(text[start:end], field, start, end, candidates, True, kind)

    def countries(self, text: str) -> list[str]:
        """The countries whose demonyms stand in the text, once per mention."""
        words = (match.group() for match in _CAPITAL.finditer(text))
        told = (self.demonyms.country(word, self.language) for word in words)
        return [each for each in told if each]

    def _from_entity(
        self, field: FieldName, text: str, entity: Entity, people: set[str]
    ) -> Mention | None:
        if entity.label in NUMBER_LABELS:
            return None
        start, end = _cleaned(text, entity.start, entity.end)
        if start >= end or self.demonyms.country(text[start:end], self.language):
            return None
        start, end, kind, candidates = self._looked_up(text, start, end)
        name = text[start:end]
        if entity.label not in PLACE_LABELS:
            return self._overruled(
                text, entity, Mention(name, field, start, end, candidates, True, kind)
            )
        if _names_organisation(text, end) or (name in people and " " not in name):
            return None
        if key(name) in NO_PLACES:
            return None
        if not candidates and (entity.label == "FAC" or not name[:1].isupper()):
            return None
        return Mention(name, field, start, end, candidates, True, kind)

    def _overruled(self, text: str, entity: Entity, mention: Mention) -> Mention | None:
        """A known place that spaCy took for a people, an organisation or a person."""
        if not mention.candidates or mention.text.isupper():
            return None
        best = [each for each in mention.candidates if each.main]
        if any(each.precision in WIDE for each in best) and entity.label != "PERSON":
            return mention
        if mention.kind or any(each.population >= KNOWN for each in best):
            placed = _preposition_before(text, mention.start, self.language)
            return mention if mention.kind or placed else None
        return None

    def _looked_up(
        self, text: str, start: int, end: int
    ) -> tuple[int, int, str | None, Sequence[Candidate]]:
        """Look the span up as it is, then without its word of direction, then of kind."""
        kind = _kind_around(text, start, end)
        if key(text[start:end]) in NO_PLACES:
            return start, end, kind, ()
        while True:
            if found := self.gazetteer.lookup(text[start:end], self.language):
                return start, end, kind, found
            first, _, rest = text[start:end].partition(" ")
            before, _, last = text[start:end].rpartition(" ")
            if rest and first.lower() in DIRECTIONS:
                start += len(first) + 1
            elif before and last.lower() in KINDS:
                end -= len(last) + 1
                kind = KINDS[last.lower()]
            else:
                return start, end, kind, ()

    def _outside(self, text: str, taken: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Spans outside spaCy's entities that the gazetteer knows and the text bears out."""
        for start, end in spans(self.gazetteer, text, self.language):
            if any(begin < end and start < finish for begin, finish in taken):
                continue
            listed = text[max(0, start - 2) : start] == ", "
            if (
                listed
                or _preposition_before(text, start, self.language)
                or self._unmistakable(text[start:end])
            ):
                yield start, end

    def _unmistakable(self, name: str) -> bool:
        """Whether a name of some length means a region or a province and nothing abroad."""
        found = self.gazetteer.lookup(name, self.language) if len(name) > 5 else ()
        wide = any(each.main and each.precision in WIDE for each in found)
        return wide and len({each.country for each in found}) == 1

    def _believed(self, field: FieldName, text: str, start: int, end: int) -> Mention | None:
        """A span of the scan, if the gazetteer's entry and the words around it bear it out."""
        name = text[start:end]
        if self.demonyms.country(name, self.language) or key(name) in NO_PLACES:
            return None
        candidates = self.gazetteer.lookup(name, self.language)
        kind = _kind_around(text, start, end)
        placed = kind is not None or _preposition_before(text, start, self.language)
        best = [each for each in candidates if each.main]
        floor = TOWN if placed else CITY
        wide = any(each.precision in WIDE and (placed or _notable(each)) for each in best)
        wide = wide or self._unmistakable(name)
        if not wide and not any(each.population >= floor for each in best):
            return None
        if _names_organisation(text, end):
            return None
        return Mention(name, field, start, end, candidates, False, kind)


def _notable(each: Candidate) -> bool:
    return each.precision != "province" or each.population >= CITY


def _is_person(entity: Entity) -> bool:
    return entity.label == "PERSON" and " " in entity.text


def _cleaned(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without an article before and a possessive or stop after it."""
    span = text[start:end]
    if (lead := _CLEAN_START.match(span)) and lead.end() < len(span):
        start += lead.end()
    if not re.search(r"\b[A-Z]\.$", text[start:end]) and (
        tail := _CLEAN_END.search(text[start:end])
    ):
        end = start + tail.start()
    return start, end


def _kind_around(text: str, start: int, end: int) -> str | None:
    """What the words next to the span call it: province, district or town."""
    after = AFTER.match(text, end)
    if after:
        return KINDS[after.group(1).lower()]
    before = BEFORE.search(text[max(0, start - 30) : start])
    return KINDS[before.group(1).lower()] if before else None


def _names_organisation(text: str, end: int) -> bool:
    following = re.match(r"\s+([^\W\d_]\w*)", text[end : end + 30])
    return bool(following and following.group(1) in ORGANISATIONS)


def _preposition_before(text: str, start: int, language: str) -> bool:
    words = re.findall(r"[^\W\d_’']+", text[max(0, start - 24) : start])
    return (
        bool(words)
        and text[:start][-1:].isspace()
        and key(words[-1]) in PREPOSITIONS.get(language, frozenset())
    )
