"""English entities and sentences."""

from __future__ import annotations

import pytest

from pipeline.enrichment import Draft
from pipeline.enrichment.entities import Entities
from pipeline.enrichment.sentences import LONGEST, around, spans
from pipeline.events import Relevance
from pipeline.limits import ENTITY_CHARS

BODY = (
    "Shelling hit the market of Kandahar on Tuesday, the aid group Northwind Relief said. "
    "Farid Orun, a trader, saw seven people fall."
)


@pytest.fixture(scope="module")
def entities() -> Entities:
    made = Entities()
    made.load()
    return made


def draft(language: str = "en", *, relevant: bool = True, body: str = BODY) -> Draft:
    return Draft(
        title="Market shelled in Kandahar",
        body=body,
        language=language,
        relevance=Relevance(score=1.0, relevant=relevant),
    )


def test_offsets_point_at_the_text(entities: Entities) -> None:
    """Every entity is what stands at its offsets, in title and in body."""
    one = draft(body="Жертвы 😀. " + BODY)
    entities([one])
    assert {each.field for each in one.entities} == {"title", "body"}
    for each in one.entities:
        text = one.title if each.field == "title" else one.body
        assert text[each.start : each.end] == each.text
    assert "Kandahar" in {each.text for each in one.entities}


def test_only_relevant_english_is_read(entities: Entities) -> None:
    """Other languages and drafts that are not relevant stay without entities."""
    others = [draft("fr"), draft(relevant=False)]
    entities(others)
    assert [each.entities for each in others] == [(), ()]


def test_everything_reads_what_is_not_relevant_too() -> None:
    """With ``everything`` a draft that is not relevant is read."""
    one = draft(relevant=False)
    Entities(everything=True)([one])
    assert one.entities


def test_long_bodies_are_cut(entities: Entities) -> None:
    """Nothing beyond the limit is read, so that one long text cannot hold up the rest."""
    one = draft(body="word " * ENTITY_CHARS + " Kandahar.")
    entities([one])
    assert all(each.end <= ENTITY_CHARS for each in one.entities)


def test_the_batch_does_not_matter(entities: Entities) -> None:
    """A draft has the same entities alone and among others."""
    alone, among = draft(), draft()
    entities([alone])
    entities([draft(body="Nothing here."), among, draft("ru")])
    assert alone.entities == among.entities


SENTENCES = [
    ("One fell. Two ran! Did a third? Yes.", 4),
    ("Gen. A. B. Orun met Mr. Lind at 3.5 km from St. Olen. He left.", 2),
    ("The U.S. Embassy closed. It was 5 p.m. in Oran.", 2),
    ("Les tirs ont cessé. « Nous attendons », dit M. Lenoir. Fin.", 3),
    ("Обстрел начался в 5 ч. утра. Погибли 3 чел. из г. Лиман. Все.", 3),
    ("قُتل ثلاثة أشخاص. هل من ناجين؟ لا.", 3),
    ("गोलीबारी हुई। तीन घायल हैं।", 2),
    ("爆炸发生了。三人受伤！", 2),
    ("First line\nSecond line", 2),
    ("", 0),
    ("  \n ", 0),
]


@pytest.mark.parametrize(("text", "count"), SENTENCES)
def test_sentences(text: str, count: int) -> None:
    """A text in any script is cut at its sentences and not at abbreviations."""
    cut = spans(text)
    assert len(cut) == count, [text[a:b] for a, b in cut]
    assert "".join(text[a:b] for a, b in cut).split() == text.replace("\n", "").split() or count
    assert all(a < b for a, b in cut)


def test_a_span_finds_its_sentence() -> None:
    """The sentence of a span is the one around it, or both where it crosses an end."""
    text = "One fell. Two ran to Oran. Three stayed."
    cut = spans(text)
    at = text.index("Oran")
    assert around(cut, text, at, at + 4) == "Two ran to Oran."
    assert around(cut, text, 4, at) == "One fell. Two ran to Oran."


def test_a_text_without_ends_is_cut() -> None:
    """A text without full stops gives no sentence longer than the limit and is done at once."""
    cut = spans("word " * 50_000)
    assert max(b - a for a, b in cut) <= LONGEST
    assert spans("." * 100_000)
