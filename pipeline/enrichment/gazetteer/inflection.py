"""The nominative behind an inflected name, guessed from a table of endings.

A guess counts only where the gazetteer knows it, so the table may be generous.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

from pipeline.enrichment.gazetteer.normal import bare, key

WORDS = 3  # longer names are not inflected word by word
GUESSES = 48  # per name; three words of four forms each are 64
STEM = 3  # letters that must stay
_APOSTROPHE = re.compile(r"['’ʼ]")


@dataclass(frozen=True, slots=True)
class Inflection:
    """Endings per language: (ending, what stands in its place), and prefixed particles."""

    endings: dict[str, tuple[tuple[str, str], ...]]
    prefixes: dict[str, tuple[str, ...]]

    @classmethod
    def read(cls, path: Path) -> Inflection:
        """Read the table: language, kind (ending or prefix), form, its replacements with bars."""
        endings: dict[str, list[tuple[str, str]]] = defaultdict(list)
        prefixes: dict[str, list[str]] = defaultdict(list)
        for line in path.read_text("utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            language, kind, form, instead = line.split("\t")
            if kind == "prefix":
                prefixes[language].append(form)
            else:
                endings[language] += [(key(form), key(each)) for each in instead.split("|")]
        return cls(
            {language: tuple(pairs) for language, pairs in endings.items()},
            {language: tuple(forms) for language, forms in prefixes.items()},
        )

    def stems(self, name: str, folded: str, language: str) -> Iterator[str]:
        """Yield folded guesses at the nominative, the likelier first."""
        if language == "tr" and len(parts := _APOSTROPHE.split(name)) == 2:
            yield key(parts[0])
        yield from self._unprefixed(folded, language)
        words = folded.split(" ")
        if language in self.endings and len(words) <= WORDS:
            forms = [self._forms(word, language) for word in words]
            yield from islice((" ".join(each) for each in product(*forms)), 1, GUESSES)

    def _unprefixed(self, folded: str, language: str) -> Iterator[str]:
        for prefix in self.prefixes.get(language, ()):
            if folded.startswith(prefix) and len(folded) - len(prefix) >= STEM:
                rest = folded[len(prefix) :]
                yield rest
                if (short := bare(rest)) != rest:
                    yield short

    def _forms(self, word: str, language: str) -> list[str]:
        found = [word]
        for ending, instead in self.endings[language]:
            if word.endswith(ending) and len(word) - len(ending) >= STEM:
                found.append(word[: len(word) - len(ending)] + instead)
        return found
