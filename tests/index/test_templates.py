"""The templates of Elasticsearch say what the records say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.events import Claim
from pipeline.index import Kind, Query
from pipeline.index.asking import condition
from pipeline.index.shapes import SHAPES
from pipeline.index.templates import template
from pipeline.limits import KEYWORD_CHARS

DERIVED = {"sort_time", "location", "words"}
OPEN = {"models"}
EFFECTS = set(msgspec.inspect.type_info(Claim).fields[1].type.values)  # type: ignore[attr-defined]


def fields(type_: Any, path: str = "") -> set[str]:
    """The dotted names of everything in a record."""
    if isinstance(type_, msgspec.inspect.StructType):
        return {
            name
            for field in type_.fields
            if field.encode_name != "unknown"
            for name in fields(field.type, f"{path}.{field.encode_name}")
        }
    if isinstance(type_, msgspec.inspect.UnionType):
        return {name for one in type_.types for name in fields(one, path)}
    if isinstance(type_, msgspec.inspect.VarTupleType):
        return fields(type_.item_type, path)
    if isinstance(type_, msgspec.inspect.DictType) and path[1:] not in OPEN:
        return {name for key in EFFECTS for name in fields(type_.value_type, f"{path}.{key}")}
    return {path[1:]}


def mapped(properties: dict[str, Any], path: str = "") -> dict[str, dict[str, Any]]:
    """The dotted names of a mapping with what each is."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in properties.items():
        if name in DERIVED:
            continue
        if "properties" in field:
            found |= mapped(field["properties"], f"{path}{name}.")
        else:
            found[f"{path}{name}"] = field
    return found


def nested(properties: dict[str, Any], path: str = "") -> set[str]:
    """The dotted names of the nested objects of a mapping."""
    found = set()
    for name, field in properties.items():
        inner = nested(field.get("properties", {}), f"{path}{name}.")
        found |= inner | ({f"{path}{name}"} if field.get("type") == "nested" else set())
    return found


def of(kind: Kind) -> dict[str, Any]:
    mappings: dict[str, Any] = template(SHAPES[kind].plural, "p")["template"]["mappings"]
    return mappings


@pytest.mark.parametrize("kind", SHAPES)
def test_every_field_has_a_mapping_and_every_mapping_a_field(kind: Kind) -> None:
    """A field added to a record and not to its template fails here, and the other way round."""
    properties = of(kind)["properties"]
    wanted = fields(msgspec.inspect.type_info(SHAPES[kind].struct))
    wanted -= {name for name in wanted if any(other.startswith(f"{name}.") for other in wanted)}
    assert set(mapped(properties)) == wanted
    assert properties["sort_time"] == {"type": "date"}


@pytest.mark.parametrize("kind", SHAPES)
def test_templates_are_strict(kind: Kind) -> None:
    """Nothing is guessed: the mapping takes no field that it does not name, anywhere in it."""
    mappings = of(kind)
    assert mappings["dynamic"] == "strict"
    assert '"dynamic"' not in str(mappings["properties"])


@pytest.mark.parametrize("kind", SHAPES)
def test_filters_and_groups_are_keywords(kind: Kind) -> None:
    """What can be filtered or counted by is exact, and too long a value is kept but not indexed."""
    types = mapped(of(kind)["properties"])
    for name in SHAPES[kind].filters | set(SHAPES[kind].groups):
        assert types[name]["type"] in {"keyword", "boolean"}, name
    for name, field in types.items():
        if field["type"] == "keyword" and field.get("index", True):
            assert field["ignore_above"] == KEYWORD_CHARS, name


@pytest.mark.parametrize("kind", SHAPES)
def test_nested_fields_are_asked_as_nested(kind: Kind) -> None:
    """Each nested object of a mapping is known where queries are made."""
    paths = nested(of(kind)["properties"])
    for name in SHAPES[kind].filters:
        inside = [path for path in paths if name.startswith(f"{path}.")]
        asked = condition(Query(kind=kind, match={name: "true"}))["bool"]["filter"][0]
        assert asked.get("nested", {}).get("path") == max(inside, key=len, default=None), name


def test_the_aliases_hide_what_is_not_live() -> None:
    """People in Kibana do not see killed stories; items and fates are all shown."""
    live = {"filter": {"term": {"state": "live"}}}
    aliases = {kind: template(SHAPES[kind].plural, "p")["template"]["aliases"] for kind in SHAPES}
    assert aliases == {
        "story": {"p-stories": live},
        "incident": {"p-incidents": live},
        "item": {"p-items": {}},
        "fate": {"p-fates": {}},
    }
