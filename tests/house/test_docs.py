"""The tables of the documentation and the code say the same."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest

from connectors.registry import KINDS, options
from pipeline import config, limits
from pipeline.bus import TopicSpec
from pipeline.cli import COMMANDS
from pipeline.cli.command import Command
from pipeline.config import CHOICES, Key, Seconds, Secret, keys
from pipeline.durations import written
from pipeline.topology import STAGES, TOPICS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
OUTSIDE = {"TOCSIN_CONFIG", "TOCSIN_SLOT"}
"""Variables that are no keys."""


def text(name: str) -> str:
    """A page of the documentation."""
    return (DOCS / name).read_text(encoding="utf-8")


def table(page: str, *head: str) -> list[Mapping[str, str]]:
    """The rows of the one table of the page whose first columns are these."""
    lines = text(page).splitlines()
    (start,) = [n for n, line in enumerate(lines) if cells(line)[: len(head)] == list(head)]
    names = cells(lines[start])
    rows: list[Mapping[str, str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(names, cells(line), strict=True)))
    return rows


def cells(line: str) -> list[str]:
    """The cells of a row, without the marks of code."""
    inner = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    return [re.sub(r"^`([^`]*)`$", r"\1", cell) for cell in inner]


def kind_word(key: Key) -> str:
    """The type of a setting as the page calls it."""
    words = {Path: "folder", str: "text", Secret: "secret text", Seconds: "duration"}
    words |= {int: "whole number"}
    return "list of texts" if get_args(key.kind) else words[key.kind]


def shown(key: Key) -> str:
    """The default of a setting as it is written in TOML."""
    if key.kind is int:
        return str(key.default)
    if get_args(key.kind):
        return str(list(key.default))
    value = written(key.default) if key.kind is Seconds else str(key.default)
    return f'"{value}"'


def test_every_key_is_in_the_table_of_the_configuration() -> None:
    """The page and config.keys() name the same settings, types, defaults and variables."""
    rows = table("configuration.md", "key", "type")
    told = [(row["key"], row["type"], row["default"], row["variable"]) for row in rows]
    there = [(key.name, kind_word(key), shown(key), key.variable) for key in keys().values()]
    assert sorted(told) == sorted(there)


def test_every_choice_is_in_the_table_of_the_configuration() -> None:
    """Where only some values are taken, the meaning names each."""
    meanings = {row["key"]: row["meaning"] for row in table("configuration.md", "key", "type")}
    for name, choices in CHOICES.items():
        assert set(re.findall(r"`(\w+)`", meanings[name])) == set(choices), name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_page_names_a_variable_that_nothing_reads(page: Path) -> None:
    """Every TOCSIN_... of the documentation sets something."""
    named = set(re.findall(r"\bTOCSIN_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8")))
    elsewhere = {"TOCSIN_PASSWORD"}  # of docker-compose.yml
    assert named <= {key.variable for key in keys().values()} | OUTSIDE | elsewhere


def test_the_variables_that_are_no_keys_are_those_that_config_reads() -> None:
    """Both stand in the code and on the page."""
    code = Path(config.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'"(TOCSIN_[A-Z]+)"', code)) == OUTSIDE
    assert all(f"`{name}`" in text("configuration.md") for name in OUTSIDE)


def test_every_command_is_in_the_table_of_commands() -> None:
    """The page and COMMANDS name the same commands in the same order."""
    told = [row["command"].removeprefix("tocsin ") for row in table("commands.md", "command")]
    assert told == [command.name for command in COMMANDS]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_section_with_its_options(command: Command) -> None:
    """The section names every option that --help names, and no other."""
    parser = argparse.ArgumentParser(add_help=False)
    command.arguments(parser)
    there = set(re.findall(r"--[a-z]+", parser.format_usage()))
    told = set(re.findall(r"--[a-z]+", section(command.name)))
    if command.name == "export":  # "with the filters of search"
        told |= there & set(re.findall(r"--[a-z]+", section("search")))
        told -= {"--ranked", "--limit", "--json"}  # named as what it has not
    assert told - ELSEWHERE.get(command.name, set()) == there


ELSEWHERE = {"run": {"--json"}}
"""Options of other commands that a section names."""


def section(command: str) -> str:
    """The section of a command, without its examples; the stages share one."""
    found = re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", text("commands.md"), re.MULTILINE)
    (body,) = [body for head, body in found if command in head.split(", ")]
    return re.sub(r"^    .*", "", body, flags=re.MULTILINE)


def test_every_topic_is_in_the_table_of_topics() -> None:
    """The page and topology.TOPICS name the same topics, partitions and retentions."""
    rows = table("architecture.md", "topic", "key")
    told = {(row["topic"], row["partitions"], row["keeps"]) for row in rows}
    assert len(told) == len(rows)
    assert told == {topic_row(spec) for spec in TOPICS}


def topic_row(spec: TopicSpec) -> tuple[str, str, str]:
    """A topic as the page has it, the stages' own under one name."""
    name = re.sub(rf"^(?:{'|'.join(STAGES)})\.", "STAGE.", spec.name)
    keeps = "compacted" if spec.compacted else f"{spec.days:g} days"
    return name, str(spec.partitions), keeps


def test_two_topics_of_one_row_are_alike_but_for_the_stage() -> None:
    """A row with STAGE may stand for all stages."""
    alike: dict[str, TopicSpec] = {}
    for spec in TOPICS:
        row = topic_row(spec)[0]
        assert alike.setdefault(row, replace(spec, name=row)) == replace(spec, name=row)


def test_every_stage_is_in_the_table_of_stages() -> None:
    """The page and topology.STAGES name the same stages in the same order, delay beside them."""
    told = [row["stage"] for row in table("architecture.md", "stage", "reads")]
    assert told == [*STAGES, "delay"]


def test_every_kind_of_connector_is_in_the_table_of_kinds() -> None:
    """The page and the registry name the same kinds with the same options."""
    rows = table("connectors.md", "kind", "reads")
    told = {row["kind"]: sorted(re.findall(r"\w+", row["options"])) for row in rows}
    assert told == {kind: sorted(set(options(kind)) - {"url"}) for kind in KINDS}


def test_the_limits_named_are_those_of_the_code() -> None:
    """An operator reads the numbers that hold."""
    rows = table("operators.md", "constant", "value")
    told = {row["constant"]: float(row["value"].replace(",", "")) for row in rows}
    assert told == {name: float(getattr(limits, name)) for name in told}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    """No page points to one that is not there."""
    for target in links(page.read_text(encoding="utf-8")):
        assert (page.parent / unquote(target)).exists(), target


def links(markdown: str) -> Sequence[str]:
    """The files that a page links to, without their anchors."""
    found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", markdown)
    return [target for target in found if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_file_of_the_tree_that_a_page_names_is_there(page: Path) -> None:
    """Paths in code marks that begin with one of our folders exist."""
    ours = r"`((?:pipeline|connectors|schemas|deploy|tests|benchmarks|docs)/[\w./-]*\w)[/:]?`"
    for name in re.findall(ours, page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name
