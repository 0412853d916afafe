"""Names that are also ordinary words of a language: "interior", "мирный", "أمن".

Towns of half the world stand in the gazetteer in scripts far from their own, so that Emmen is
"security" in Arabic, Lille "night" and Dhule "state".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["never", "seldom"]


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Ordinary words per language: those that name no place by themselves, and those that may."""

    levels: dict[tuple[str, str], Level]

    @classmethod
    def read(cls, path: Path) -> Ordinary:
        """Read the table that the build writes: language, folded word, level."""
        levels: dict[tuple[str, str], Level] = {}
        for line in path.read_text("utf-8").splitlines():
            language, word, level = line.split("\t")
            levels[language, word] = "never" if level == "never" else "seldom"
        return cls(levels)

    def level(self, folded: str, language: str) -> Level | None:
        """How seldom the word is a place, None where it is no ordinary word."""
        return self.levels.get((language, folded))
