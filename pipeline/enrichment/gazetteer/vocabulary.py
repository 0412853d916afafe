"""Which names of the gazetteer are ordinary words of a language, found for the build alone."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import justext  # type: ignore[import-untyped]
from babel import Locale

from pipeline.enrichment.gazetteer import Candidate, Gazetteer
from pipeline.enrichment.gazetteer.normal import key

# Languages by the name of their frequency list in jusText.
LISTS = {
    "ar": "Arabic",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
}
_ARTICLES = {"ar": "ال", "he": "ה"}
_WIDTHS = (("format", "wide"), ("stand-alone", "wide"))
# A frequent word that names a place of so many people is left alone: "القاهرة", "Киев".  Of 2,597
# frequent Arabic words 70 name such a place; those that seldom mean it stand in our own table.
KNOWN = 400_000


def ordinary(gazetteer: Gazetteer, words: Path) -> Iterator[str]:
    """Yield the lines of ``ordinary.tsv``: ordinary words that some place is named like."""
    for language in sorted(LISTS):
        own = written(words, language)
        for word in sorted(own | frequent(language)):
            found = gazetteer.lookup(word, language)
            if found and (word in own or not _known(word, found, gazetteer)):
                yield f"{language}\t{word}\t{'never' if word in own else 'seldom'}\n"


def _known(word: str, found: Iterable[Candidate], gazetteer: Gazetteer) -> bool:
    return any(
        each.main
        and (
            each.precision in ("country", "region")
            or (each.population >= KNOWN and gazetteer.knows(word))
        )
        for each in found
    )


def written(path: Path, language: str) -> frozenset[str]:
    """The words of our own table, of the calendar and of spaCy's stop words, folded."""
    own, kept = set(), set()
    article = _ARTICLES.get(language, "")
    for line in path.read_text("utf-8").splitlines():
        if line.startswith(f"{language}\t"):
            for word in line.split("\t")[1].split():
                if word.startswith("-"):
                    kept.add(key(word[1:]))
                else:
                    own |= {key(word), key(article + word)}
    return frozenset((own | set(_calendar(language)) | _stop_words(language)) - kept)


def frequent(language: str) -> frozenset[str]:
    """The words most frequent in the language, folded; some of them are well-known places."""
    words = justext.get_stoplist(LISTS[language])
    return frozenset(key(each) for each in words if each.isalpha())


def _calendar(language: str) -> Iterator[str]:
    locale = Locale.parse(language)
    for context, width in _WIDTHS:
        for names in (locale.months, locale.days):
            yield from map(key, names[context][width].values())


def _stop_words(language: str) -> frozenset[str]:
    module = importlib.import_module(f"spacy.lang.{language}.stop_words")
    return frozenset(map(key, module.STOP_WORDS))
