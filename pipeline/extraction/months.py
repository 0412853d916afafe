"""The names of the months as news sites write them, from CLDR."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from babel.dates import get_month_names

# The languages that most of the world's news is written in; Arabic has three sets of names.
_LOCALES = (
    "en fr es pt it de nl ru uk be bg sr pl cs sk hr sl ro hu tr az el sv da nb fi et lv lt sq mk"
    " ar ar_SY ar_IQ ar_DZ ar_MA fa ps ur he hi bn id ms sw so am ka hy kk uz vi ca eu gl"
)
_EXTRA = {"sept": 9, "avr": 4, "juil": 7, "fevr": 2, "abr": 4, "мая": 5, "сентябр": 9, "set": 9}


def plain(text: str) -> str:
    """The text in small letters without accents, Arabic vowels and points."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in parts if unicodedata.category(char) != "Mn").replace(".", "")


def month(name: str) -> int | None:
    """The number of the month so named in any language; None where two languages disagree."""
    key = plain(name)
    return _names("en").get(key) or _names(_LOCALES).get(key)


@lru_cache(maxsize=2)  # the others take 0.3 s to read, which English pages need not wait for
def _names(locales: str) -> dict[str, int | None]:
    """Every name; English comes first, so that no other language takes one of its names away."""
    names: dict[str, int | None] = {}
    english: frozenset[str] = frozenset()
    for locale in locales.split():
        for number, name in _of(locale):
            key = plain(name)
            if key.isdigit() or len(key) < 2 or key in english:
                continue
            names[key] = number if names.get(key, number) == number else None
        english = english or frozenset(names)
    return {**_EXTRA, **names}


def _of(locale: str) -> list[tuple[int, str]]:
    return [
        (number, name)
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, context, locale).items()
    ]
