"""From a query to the query language of Elasticsearch; no user text ever is syntax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.index import Kind, Query
from pipeline.index.bulk import LANGUAGES
from pipeline.index.shapes import SHAPES, day, span
from pipeline.index.words import Term, parse
from pipeline.limits import KEYWORD_CHARS

_NESTED = {"story": ("events.claims", "events", "claims"), "incident": ("ledger",)}
_BOOLEANS = {"relevance.relevant"}  # another value than true or false is an error there
_EXACT: dict[Kind, tuple[str, ...]] = {
    "story": ("title^3", "body"),
    "incident": (
        "stories.title^3",
        "place.name.text",
        "place.canonical.text",
        "actors.name.text",
        "actors.canonical.text",
    ),
}
_STEMMED: dict[Kind, tuple[str, ...]] = {
    "story": tuple(f"words.{language}" for language in LANGUAGES)
}
NOTHING: dict[str, Any] = {"match_none": {}}


def condition(query: Query) -> dict[str, Any]:
    """The query as one ``bool``: words and phrases score, all else filters."""
    shape = SHAPES[query.kind]
    filters = [_filter(query.kind, *pair) for pair in query.match.items()]
    if shape.hides:
        filters.append({"term": {"state": "live"}})
    if query.since is not None or query.until is not None:
        filters.append(_time(query))
    terms = parse(query.text) if query.text else ()
    words = [_term(query.kind, term) for term in terms if not term.excluded]
    without = [_term(query.kind, term) for term in terms if term.excluded]
    if terms and not shape.title:
        filters.append(NOTHING)
    return {"bool": {"must": words, "must_not": without, "filter": filters}}


def _term(kind: Kind, term: Term) -> dict[str, Any]:
    exact = _EXACT.get(kind)
    if exact is None:
        return NOTHING
    if term.phrase:
        return {"multi_match": {"query": term.text, "type": "phrase", "fields": list(exact)}}
    fields = [*exact, *_STEMMED.get(kind, ())]
    return {"multi_match": {"query": term.text, "operator": "and", "fields": fields}}


def _filter(kind: Kind, name: str, value: str) -> dict[str, Any]:
    if len(value) > KEYWORD_CHARS or (name in _BOOLEANS and value not in ("true", "false")):
        return NOTHING
    term = {"term": {name: {"value": value.encode("utf-8", "replace").decode()}}}
    for path in _NESTED.get(kind, ()):
        if name.startswith(f"{path}."):
            return {"nested": {"path": path, "query": term}}
    return term


def _time(query: Query) -> dict[str, Any]:
    first, last = span(query)
    if SHAPES[query.kind].daily:
        return {"range": {"day": {"gte": day(first), "lte": day(last)}}}
    return {"range": {"sort_time": {"gte": first, "lte": last, "format": "epoch_millis"}}}


def order(query: Query) -> list[dict[str, Any]]:
    """Newest first, or best first; the tie-break makes pages follow each other."""
    first = "_score" if query.ranked and query.text else "sort_time"
    return [{first: {"order": "desc"}}, {"id": {"order": "asc"}}]


def groups(query: Query, by: Sequence[str]) -> list[dict[str, Any]]:
    """The sources of a composite aggregation, ``0`` for the first field and so on."""
    return [{str(n): _group(query.kind, name)} for n, name in enumerate(by)]


def _group(kind: Kind, name: str) -> dict[str, Any]:
    if name == "day" and not SHAPES[kind].daily:
        days = {"field": "sort_time", "calendar_interval": "day", "format": "yyyy-MM-dd"}
        return {"date_histogram": days}
    return {"terms": {"field": name, "missing_bucket": True}}
