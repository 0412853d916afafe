"""From an article to a story: runs the chain of enrichment over a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pipeline.enrichment import Component, Draft, check
from pipeline.errors import Fatal, Skip
from pipeline.events import Article, Mentions, Relevance, Story
from pipeline.stages import Done, Result, Stage

Keep = Literal["relevant", "all"]

# A kill must arrive whatever its text says, and most have none: such articles skip the chain.
BYPASS = frozenset({"killed", "withheld"})


def make(chain: Sequence[Component], keep: Keep) -> Stage:
    """The enrich stage over ``chain``; with ``keep`` relevant the others end as Skip.

    A record that fails does not spoil its batch: the batch is then done again one by one.

    Raises:
        ValueError: the chain is in a wrong order or nothing in it judges relevance.
    """
    check(chain)
    if not any("relevance" in component.adds for component in chain):
        raise ValueError("nothing in the chain adds relevance")

    def stage(articles: Sequence[Article]) -> Sequence[Result]:
        try:
            return _enriched(chain, keep, articles)
        except Fatal as error:
            return [error] * len(articles)
        except Exception:  # one of them is at fault, and only its own try may show it
            return [_alone(chain, keep, article) for article in articles]

    return stage


def _alone(chain: Sequence[Component], keep: Keep, article: Article) -> Result:
    try:
        return _enriched(chain, keep, [article])[0]
    except Exception as error:  # the worker decides by its type
        return error


def _enriched(chain: Sequence[Component], keep: Keep, articles: Sequence[Article]) -> list[Result]:
    drafts = [_draft(article) for article in articles]
    _run(chain, keep, [d for d, a in zip(drafts, articles, strict=True) if a.status not in BYPASS])
    return [
        _result(chain, keep, draft, article)
        for draft, article in zip(drafts, articles, strict=True)
    ]


def _run(chain: Sequence[Component], keep: Keep, drafts: list[Draft]) -> None:
    """What is dropped costs nothing further: names and places cost ten times the relevance."""
    for component in chain:
        if drafts:
            component(drafts)
        drafts = [draft for draft in drafts if not _dropped(draft, keep)]


def _dropped(draft: Draft, keep: Keep) -> bool:
    return keep == "relevant" and draft.relevance is not None and not draft.relevance.relevant


def _result(chain: Sequence[Component], keep: Keep, draft: Draft, article: Article) -> Result:
    if article.status not in BYPASS and _dropped(draft, keep):
        score = draft.relevance.score if draft.relevance else 0.0
        return Skip("not-relevant", f"score {score:.2f}")
    story = _bare(article) if article.status in BYPASS else _story(chain, draft, article)
    return Done(made=(story,), story=story.id)


def _draft(article: Article) -> Draft:
    return Draft(
        title=article.title,
        body=article.body,
        url=article.url,
        published=article.published,
        declared=article.language,
    )


def _story(chain: Sequence[Component], draft: Draft, article: Article) -> Story:
    added = frozenset[str]().union(*(component.adds for component in chain))
    return _bare(
        article,
        language=draft.language if "language" in added else article.language,
        relevance=draft.relevance,
        events=draft.events,
        claims=draft.claims,
        mentions=Mentions(actors=draft.actors, places=draft.places),
        models={component.name: component.version for component in chain},
    )


def _bare(article: Article, **added: object) -> Story:
    """The story with what the article knows, and ``added`` over it."""
    known = {name: getattr(article, name) for name in COPIED}
    unread = {"relevance": Relevance(score=0.0, relevant=False)}
    return Story(**{**known, **unread, **added})


COPIED = tuple(
    name
    for name in Article.__struct_fields__
    if name in Story.__struct_fields__ and name != "schema"
)
"""The fields that a story takes over as they are; resolve alone sets the rest."""
