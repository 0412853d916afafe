"""Every word of every language is found, and no text that people type is an error."""

from __future__ import annotations

from pipeline.index import Query
from tests.contracts.index_samples import incident, story
from tests.contracts.indexes import Shelf

LANGUAGES = {
    "en": ("Militia raids village", "The gunmen attacked the mill at dawn.", "gunmen"),
    "fr": ("Des obus sur la ville", "L'armée a bombardé le marché de Vorne.", "armée"),
    "es": ("Emboscada en la montaña", "Los rebeldes atacaron el puesto.", "montaña"),
    "ru": ("Обстрел города", "Ночью снаряды попали в школу.", "снаряды"),
    "ar": ("قصف على المدينة", "أصيب خمسة مدنيين في السوق.", "السوق"),
}
HOSTILE = [
    '"',
    '"unclosed phrase',
    "(((",
    ")",
    "AND OR NOT NEAR *",
    "title:tarsk",
    "NEAR(a b, 3)",
    "^tarsk*",
    "-",
    "--",
    '-""',
    "a" * 10_000,
    "word " * 2_000,
    '"' * 10_000,
    "'; DROP TABLE story; --",
    "\x00\x01\x1b tarsk",
    "\ud800",
    "{'match_all': {}}",
    "\\",
    "/.*/",
    "[1 TO 5]",
    "~2 && || !",
    "\u202e\ufeff",
    "   ",
]


def test_words_in_every_language(shelf: Shelf) -> None:
    """Words of title and body are found whatever the language and the letters' case."""
    for name, (title, body, _) in LANGUAGES.items():
        shelf.put(story(name, title=title, body=body, language=name))
    for name, (title, _, word) in LANGUAGES.items():
        assert shelf.ids(text=word) == [name]
        assert shelf.ids(text=word.upper()) == [name]
        assert shelf.ids(text=f"{title.split()[0]} {word}") == [name]
        assert shelf.ids(text=f'"{title}"') == [name]


def test_words_are_found_by_their_stem_and_without_accents(shelf: Shelf) -> None:
    """English endings, accents and Arabic vowel signs do not matter."""
    shelf.put(story("en", title="Attacks reported", body="Nothing more."))
    shelf.put(story("es", title="Bogotá en calma", body="Nada más."))
    shelf.put(story("ar", title="قَصْفٌ على المدينة", body="لا شيء"))
    assert shelf.ids(text="attack") == ["en"]
    assert shelf.ids(text="bogota") == ["es"]
    assert shelf.ids(text="قصف") == ["ar"]


def test_all_words_must_be_there(shelf: Shelf) -> None:
    """Words are ANDed over title and body, phrases keep their order, a minus excludes."""
    shelf.put(story("a", title="Bridge falls", body="The river rose over the old town."))
    shelf.put(story("b", title="Town falls", body="The bridge over the river stands."))
    assert sorted(shelf.ids(text="bridge river")) == ["a", "b"]
    assert shelf.ids(text="bridge mountain") == []
    assert shelf.ids(text='"old town"') == ["a"]
    assert shelf.ids(text="“old town”") == ["a"]
    assert shelf.ids(text='"town old"') == []
    assert shelf.ids(text="river -stands") == ["a"]
    assert shelf.ids(text='-"old town"') == ["b"]
    assert shelf.ids(text="***") == []


def test_no_text_is_an_error(shelf: Shelf) -> None:
    """Whatever people type, the index answers."""
    shelf.put(story("a"))
    for text in HOSTILE:
        for ranked in (False, True):
            assert set(shelf.ids(text=text, ranked=ranked)) <= {"a"}, text
        assert shelf.index.count(Query(text=text, match={"source": text}), ()) == {}, text
        assert shelf.index.get("story", text) is None, text


def test_the_words_of_an_incident(shelf: Shelf) -> None:
    """An incident is found by its stories' titles, its place and its actors."""
    shelf.put(incident("i"))
    for text in ("dawn", "tarsk", "brigade"):
        assert shelf.ids(kind="incident", text=text) == ["i"]
    assert shelf.ids(kind="item", text="tarsk") == []
