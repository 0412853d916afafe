"""``schemas/*.v1.json`` from the classes: ``python -m pipeline.contracts`` writes them anew.

A test holds the files, the classes and ``schemas/examples`` together; whoever changes a class
writes the files in the same change and raises the version.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from pipeline.codec import schema_of
from pipeline.events import Article, Fate, Incident, Item, Page, SourceState, Story

KINDS: tuple[type[msgspec.Struct], ...] = (
    Item, Page, Article, Story, Incident, Fate, SourceState,
)  # fmt: skip


def file_name(kind: type[msgspec.Struct]) -> str:
    """``story.v1.json`` for the kind whose schema is ``story.v1.0``."""
    return schema_of(kind).rpartition(".")[0] + ".json"


def contract(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a record (draft 2020-12); fields of newer minor versions are allowed."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    name = schema["$ref"].rpartition("/")[2]
    top = parts.pop(name)
    for part in (top, *parts.values()):
        part.get("properties", {}).pop("unknown", None)
    major = schema_of(kind).rpartition(".")[0]
    top["properties"]["schema"] = {"type": "string", "pattern": rf"^{major}\.[0-9]+$"}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": file_name(kind)}
    return {**head, **top, "$defs": parts}


def written(kind: type[msgspec.Struct]) -> str:
    """The file's text."""
    return json.dumps(contract(kind), indent=1, ensure_ascii=False, default=str) + "\n"


def main() -> None:
    """Write every file."""
    folder = Path(str(files("schemas")))
    for kind in KINDS:
        (folder / file_name(kind)).write_text(written(kind), encoding="utf-8")
        sys.stdout.write(f"schemas/{file_name(kind)}\n")


if __name__ == "__main__":
    main()
