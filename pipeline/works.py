"""The work that children do, made where it runs: a process loads only what it needs."""

from __future__ import annotations

from pipeline.stages import Stage


def extract_stage() -> Stage:
    """Page -> Article, as it runs in a child."""
    from pipeline.stages import each
    from pipeline.stages.extract import extract

    return each(extract)


def enrich_stage(keep: str) -> Stage:
    """Article -> Story with every component loaded, as it runs in a child.

    Raises:
        Fatal: a model is missing, with how to install it.
    """
    from pipeline.enrichment import load
    from pipeline.enrichment.entities import Entities
    from pipeline.enrichment.language import Language
    from pipeline.enrichment.places import Places
    from pipeline.enrichment.relevance import ConflictRelevance
    from pipeline.stages.enrich import make

    everything = keep == "all"
    chain = (
        Language(),
        ConflictRelevance(),
        Entities(everything=everything),
        Places(everything=everything),
    )
    load(chain)
    return make(chain, "all" if everything else "relevant")
