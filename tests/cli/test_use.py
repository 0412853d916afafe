"""How the commands are used: help, exit codes, faults that say what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import COMMANDS
from tests.cli.conftest import Cli


def test_help_names_every_command(cli: Cli) -> None:
    """And where to begin."""
    said = cli.bare("--help")
    assert said.code == 0
    assert all(f"    {command.name} " in said.out for command in COMMANDS)
    assert "tocsin run" in said.out


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_has_help_with_an_example(cli: Cli, name: str) -> None:
    """That begins with the command itself and has only options there are."""
    said = cli.bare(name, "--help")
    assert said.code == 0
    usage, example = said.out.split("example:\n")
    assert f"tocsin {name}" in example
    options = {word for word in example.split() if word.startswith("--")}
    assert all(option in usage for option in options)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), ["COMMAND"]),
        (("serch", "x"), ["serch", "search"]),
        (("search", "--form", "2026-01-01"), ["--form"]),
        (("search", "--from", "yesterday"), ["yesterday", "2026-02-27"]),
        (("search", "--limit", "many"), ["--limit"]),
        (("account", "--day", "2026-13-01"), ["2026-13-01"]),
        (("explain",), ["file"]),
        (("explain", "no-such-file.html"), ["no-such-file.html"]),
        (("explain", "--batch", "no-such-file.jsonl"), ["no-such-file.jsonl"]),
        (("explain", "/"), ["/"]),
        (("explain", "-", "--published", "soon"), ["soon", "2026-02-27"]),
        (("sources", "check", "no-such-source"), ["no-such-source", "sources list"]),
        (("sources", "import"), ["OPML"]),
        (("sources", "import", "no-such.opml"), ["no-such.opml"]),
        (("sources", "export", "--format", "xml"), ["xml"]),
        (("run", "--stages", "fetch,fly"), ["fly", "fetch"]),
        (("dead", "eat"), ["eat", "replay"]),
        (("search", "--kind", "incident", "--lang", "ru"), ["--lang", "incident"]),
        (("trace",), ["URL|ID"]),
    ],
)
def test_wrong_use_is_exit_code_2_and_says_what_to_do(
    cli: Cli, words: tuple[str, ...], told: list[str]
) -> None:
    """In one line, after the usage where there is one."""
    said = cli(*words)
    assert said.code == 2
    last = said.err.splitlines()[-1]
    assert last.startswith("tocsin")
    assert all(word in last for word in told)
    assert said.out == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[bus]\nulr = 'x'", ["tocsin.toml:2", "did you mean bus.url"]),
        ("data = ", ["tocsin.toml", "TOML"]),
        ("\x00", ["tocsin.toml", "TOML"]),
        ("data = '\x1b[2J'", ["TOML"]),
        ('[[source]]\nname = "a"', ["url"]),
        ('[[source]]\nname = "a"\nurl = "https://x.org"\nkind = "fed"', ["fed", "feed"]),
        ('[[source]]\nname = "\\u001b[2J"\nurl = "https://x.org"', ["name"]),
        ('[sources]\nfiles = ["no-such.toml"]', ["no-such.toml"]),
    ],
)
def test_a_bad_configuration_is_exit_code_2_and_one_line(
    cli: Cli, text: str, told: list[str]
) -> None:
    """Whichever command is asked for."""
    cli.configure(text)
    said = cli("sources", "list")
    assert said.code == 2
    assert len(said.err.splitlines()) == 1
    assert all(word in said.err for word in told)
    assert said.harmless()


def test_a_settings_file_that_is_missing_is_named(cli: Cli) -> None:
    """Also before the command, where the option stands for all."""
    for words in (("--config", "no.toml", "status"), ("status", "--config", "no.toml")):
        said = cli.bare(*words)
        assert (said.code, "no.toml" in said.err) == (2, True)


@pytest.mark.parametrize("command", ["dead list", "status", "status --json", "search x", "export",
                                     "account", "trace x", "sources list", "search x --json",
                                     "extract"])  # fmt: skip
def test_a_folder_in_which_nothing_was_set_up_is_no_riddle(cli: Cli, command: str) -> None:
    """Each command says what is missing, or that there is nothing."""
    said = cli(*command.split())
    assert said.code in (0, 1, 75)
    assert said.code == 0 or "tocsin setup" in said.err or "nothing is known" in said.err


def test_a_data_folder_that_cannot_be_had_says_what_to_do(cli: Cli) -> None:
    """A file stands in its place."""
    cli.configure(f"data = '{cli.write('data', 'a file')}'")
    for command in ("setup", "search", "run"):
        said = cli(command)
        assert (said.code, len(said.err.splitlines())) == (1, 1)


def test_setup_twice_changes_nothing_the_second_time(cli: Cli) -> None:
    """And says so, for people and for programs."""
    first = cli("setup", "--json")
    assert first.code == 0
    assert all(row["change"] for row in first.json)
    assert first.json
    assert cli("setup").out == "nothing to change\n"
    assert cli("setup", "--json").json == []


def test_days_at_the_ends_of_time_are_days(cli: Cli) -> None:
    """The last day of the calendar has no next one."""
    assert cli("search", "--from", "0001-01-01", "--to", "9999-12-31").code == 0


def test_a_reader_that_has_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    """``tocsin ... | head -1``: no traceback, exit code 0."""
    config = tmp_path / "tocsin.toml"
    path = "p" * 3_000  # so that all of them are more than a pipe holds
    sources = [f'[[source]]\nname = "s{n}"\nurl = "https://s{n}.org/{path}"\n' for n in range(60)]
    config.write_text("".join(sources))
    command = [sys.executable, "-m", "pipeline.cli", "--config", str(config), "sources", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.readline()
        running.stdout.close()
        err = running.stderr.read()
    assert (running.returncode, err) == (0, b"")
