"""Words for a people or "of a country": they give a country as context and are never a place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STEM_REST = 5  # letters of ending that a stem with a star may take


@dataclass(frozen=True, slots=True)
class Demonyms:
    """Country codes by word, per language; a word counts as it is spelled in the table."""

    words: dict[tuple[str, str], str]
    stems: dict[tuple[str, str], str]

    @classmethod
    def read(cls, path: Path) -> Demonyms:
        """Read the table: country, language, words with bars, stems with a star."""
        words: dict[tuple[str, str], str] = {}
        stems: dict[tuple[str, str], str] = {}
        for line in path.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                country, language, listed = line.split("\t")
                for word in listed.split("|"):
                    into = stems if word.endswith("*") else words
                    into[language, word.rstrip("*")] = country
        return cls(words, stems)

    def country(self, word: str, language: str) -> str | None:
        """The country a word speaks of, None where it is no such word.

        Stems match in any case; whole words as written, so that Spanish "india" is a demonym and
        "India" is not.
        """
        if code := self.words.get((language, word)):
            return code
        lower = word.lower()
        longest = len(lower)
        for cut in range(longest, max(3, longest - STEM_REST) - 1, -1):
            if code := self.stems.get((language, lower[:cut])):
                return code
        return None
