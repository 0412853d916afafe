"""The index templates on the server: compared, created, upgraded; and the fates' lifecycle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import orjson
from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from pipeline.errors import Fatal
from pipeline.index.shapes import SHAPES
from pipeline.limits import FATE_DAYS


def template(plural: str, prefix: str, lifecycle: str | None = None) -> dict[str, Any]:
    """The template of ``schemas/elastic`` under the prefix, its hash in ``_meta``."""
    data = (files("schemas.elastic") / f"{plural}.json").read_bytes()
    made: dict[str, Any] = orjson.loads(data)
    inner = made["template"]
    inner["aliases"] = {f"{prefix}-{name}": alias for name, alias in inner["aliases"].items()}
    if lifecycle:
        inner["settings"]["lifecycle"] = {"name": lifecycle}
    made["index_patterns"] = [f"{prefix}-{plural}-*"]
    made["_meta"]["hash"] = hashlib.sha256(
        orjson.dumps(made, option=orjson.OPT_SORT_KEYS)
    ).hexdigest()[:16]
    made["_meta"]["version"] = made["version"]
    return made


def missing(client: Elasticsearch, prefix: str) -> list[str]:
    """The names of our templates that the server does not have."""
    names = [f"{prefix}-{shape.plural}" for shape in SHAPES.values()]
    return [name for name in names if not client.indices.exists_index_template(name=name)]


def install(client: Elasticsearch, prefix: str) -> Iterator[str]:
    """Create or upgrade what differs; what was changed, one sentence each.

    Raises:
        Fatal: indices made before cannot take the new mapping.
    """
    lifecycle = f"{prefix}-fates" if _has_lifecycles(client) else None
    if lifecycle:
        yield from _policy(client, lifecycle)
    for shape in SHAPES.values():
        owned = lifecycle if shape.plural == "fates" else None
        yield from _upgrade(client, shape.plural, prefix, template(shape.plural, prefix, owned))


def _upgrade(
    client: Elasticsearch, plural: str, prefix: str, wanted: dict[str, Any]
) -> Iterator[str]:
    name = f"{prefix}-{plural}"
    there = _meta(client, name)
    if there.get("hash") == wanted["_meta"]["hash"]:
        return
    if there.get("version", 0) > wanted["version"]:
        yield f"left the index template {name}: its version {there['version']} is newer than ours"
        return
    _put(client, name, wanted)
    yield f"{'upgraded' if there else 'created'} the index template {name}"
    pattern = f"{name}-*"
    if client.indices.get_alias(index=pattern):
        _map(client, pattern, wanted["template"]["mappings"])
        yield f"upgraded the mapping of the indices {pattern}"


def _put(client: Elasticsearch, name: str, wanted: dict[str, Any]) -> None:
    client.indices.put_index_template(
        name=name,
        index_patterns=wanted["index_patterns"],
        template=wanted["template"],
        priority=wanted["priority"],
        version=wanted["version"],
        meta=wanted["_meta"],
    )


def _meta(client: Elasticsearch, name: str) -> dict[str, Any]:
    try:
        found = client.indices.get_index_template(name=name)
    except NotFoundError:
        return {}
    meta = found["index_templates"][0]["index_template"].get("_meta", {})
    return dict(meta) or {"version": 0}


def _map(client: Elasticsearch, pattern: str, mappings: dict[str, Any]) -> None:
    try:
        client.indices.put_mapping(
            index=pattern, dynamic=mappings["dynamic"], properties=mappings["properties"]
        )
    except BadRequestError as error:
        raise Fatal(
            f"the indices {pattern} cannot take the new mapping ({error.message}): reindex them,"
            " or delete them and run `tocsin replay --from index`"
        ) from error


def _has_lifecycles(client: Elasticsearch) -> bool:
    """Some builds lack index lifecycle management and answer 400 or 404 there."""
    try:
        client.ilm.get_status()
    except ApiError as error:
        if error.status_code in (400, 404, 405):
            return False
        raise
    return True


def _policy(client: Elasticsearch, name: str) -> Iterator[str]:
    """An index of fates goes FATE_DAYS after its month has ended, counted from its creation."""
    phases = {
        "hot": {"min_age": "0ms", "actions": {}},
        "delete": {"min_age": f"{31 + FATE_DAYS}d", "actions": {"delete": {}}},
    }
    try:
        there = client.ilm.get_lifecycle(name=name)[name]["policy"]["phases"]["delete"]["min_age"]
    except (NotFoundError, KeyError):
        there = None
    if there != phases["delete"]["min_age"]:
        client.ilm.put_lifecycle(name=name, policy={"phases": phases})
        yield f"{'upgraded' if there else 'created'} the lifecycle policy {name}"
