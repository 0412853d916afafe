"""One spelling for the many of a place name: what the build stores and the look-up asks.

``key`` folds case, diacritics, apostrophes, hyphens and the letters that scripts write in several
ways.  ``bare`` drops a leading Arabic article.  Both are idempotent.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that NFKD leaves whole, and Arabic, Persian, Urdu and Pashto forms of one letter.
_LETTERS = str.maketrans(
    {
        **dict.fromkeys("'’‘ʼʻʿʾ`´ʹʺ\"“”«»׳״ʽˈـ.()[]\u200c\u200d\u200e\u200f\ufeff\u00ad", ""),
        **dict.fromkeys("-‐‑‒–—―−_/,;:·・־\u00a0", " "),
        **dict(zip("ıłøđðħŧ", "iloddht", strict=True)),
        **{"æ": "ae", "œ": "oe", "þ": "th", "ə": "e", "ё": "е", "ґ": "г"},
        **dict.fromkeys("ةۃہھە", "ه"),
        **dict.fromkeys("ىیےېۍ", "ي"),
        **{"ک": "ك", "ګ": "گ", "ټ": "ت", "ډ": "د", "ړ": "ر", "ڼ": "ن", "ځ": "ح", "ۇ": "و"},
    }
)
_SPACE = re.compile(r"\s+")
_LATIN_ARTICLE = re.compile(
    r"^(?:al|el|ul|il|as|es|ash|esh|ad|ed|ar|er|an|en|at|et|az|ez|adh|ath) (?=\w{3})"
)
_ARABIC_ARTICLE = re.compile(r"^ال(?=\w{2})")


def key(name: str) -> str:
    """Fold ``name`` to the form that stands in the gazetteer; empty when nothing is left."""
    if name.isascii():
        return " ".join(name.lower().translate(_LETTERS).split())
    folded = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join([each for each in folded if not unicodedata.combining(each)])
    return _SPACE.sub(" ", plain.translate(_LETTERS)).strip()


def bare(folded: str) -> str:
    """Drop a leading Arabic article from a folded name: al hudaydah becomes hudaydah."""
    return _ARABIC_ARTICLE.sub("", _LATIN_ARTICLE.sub("", folded, count=1), count=1)
