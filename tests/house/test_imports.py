"""Imports go one way (DESIGN.md, "Layout")."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = (
    ("connectors",),
    (
        "pipeline.events", "pipeline.facts", "pipeline.errors", "pipeline.limits",
        "pipeline.durations", "pipeline.clock", "pipeline.urls", "pipeline.codec", "pipeline.logs",
    ),
    ("pipeline.contracts", "pipeline.pages"),
    (
        "pipeline.bus", "pipeline.index", "pipeline.transports", "pipeline.extraction",
        "pipeline.enrichment", "pipeline.resolution",
    ),
    ("pipeline.stages",),
    ("pipeline.topology", "pipeline.letters"),
    (
        "pipeline.worker", "pipeline.arrivals", "pipeline.polling", "pipeline.delays",
        "pipeline.deadletters", "pipeline.parent", "pipeline.children", "pipeline.asking",
        "pipeline.process", "pipeline.supervisor", "pipeline.config", "pipeline.sources",
        "pipeline.probing", "pipeline.replaying", "pipeline.explaining",
        "pipeline.opml", "pipeline.forgetting", "pipeline.daily", "pipeline.source",
        "pipeline.works",
    ),
    ("pipeline.app",),
    ("pipeline.cli",),
)  # fmt: skip
"""A module imports from its own layer or one above it in this table."""

MODULES = sorted([*ROOT.glob("connectors/**/*.py"), *ROOT.glob("pipeline/**/*.py")])
ADAPTERS = ("pipeline.bus.", "pipeline.index.")


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """What a module imports of ours, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        yield from (name for name in names if name.startswith(("connectors", "pipeline.")))


def module_of(imported: str) -> str:
    """The module that an imported name is or stands in."""
    return imported if imported in map(name_of, MODULES) else imported.rpartition(".")[0]


def layer(name: str) -> int:
    """Where in the table a module stands."""
    for place, prefixes in enumerate(LAYERS):
        if any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes):
            return place
    raise AssertionError(f"{name} has no place in the layers")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_from_its_own_layer_or_a_lower_one(path: Path) -> None:
    """Nothing below knows of what stands above it."""
    name = name_of(path)
    if name == "pipeline":
        return
    for imported in imports(path):
        assert layer(imported) <= layer(name), f"{name} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_app_names_adapters(path: Path) -> None:
    """An adapter is imported by its own package and by app alone."""
    name = name_of(path)
    if name == "pipeline.app" or name.startswith(ADAPTERS):
        return
    adapters = {other for other in map(name_of, MODULES) if other.startswith(ADAPTERS)}
    assert not {module_of(imported) for imported in imports(path)} & adapters


def test_only_config_reads_the_environment() -> None:
    """Every setting is in one place."""
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if name_of(path) != "pipeline.config":
            assert not re.search(r"os\.environ|getenv", text), path


def test_the_imports_have_no_cycle() -> None:
    """No module needs itself, however far round, counting imports inside functions too."""
    names = {name_of(path) for path in MODULES}
    graph = {
        name_of(path): {module_of(imported) for imported in imports(path)} & names - {name_of(path)}
        for path in MODULES
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"cycle: {' -> '.join([*path, name])}"
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())
