"""The commands in this process, on a folder of their own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline import app, config
from pipeline.cli import main
from pipeline.index import Index

HOSTILE = "Shells\x1b[2J\x9b31m hit\nFORGED \u202eline\u2028 Arvad\x07"
"""A title that would clear a terminal, forge a line and turn the direction of text."""


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, Any]]:
        """The JSON Lines; each line of the output is one."""
        return [json.loads(line) for line in self.out.splitlines()]

    def harmless(self) -> bool:
        """Whether nothing in it moves a terminal or forges a line."""
        lines = (self.out + self.err).split("\n")
        return all(line.isprintable() and not line.startswith("FORGED") for line in lines)


class Cli:
    """``tocsin`` with the settings file of a folder."""

    def __init__(self, folder: Path, captured: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._captured = captured
        self.configure("")

    def configure(self, text: str) -> None:
        """Write the settings file."""
        self.path = self.folder / "tocsin.toml"
        self.path.write_text(text, encoding="utf-8")

    def __call__(self, *words: str) -> Said:
        """Run a command on the folder."""
        return self.bare("--config", str(self.path), *words)

    def bare(self, *words: str) -> Said:
        """Run the command as it stands; no error ever shows a traceback."""
        try:
            code = main(list(words))
        except SystemExit as ended:  # argparse
            code = int(str(ended.code or 0))
        out, err = self._captured.readouterr()
        assert "Traceback" not in err
        return Said(code, out, err)

    @property
    def settings(self) -> config.Settings:
        """The settings as the commands read them."""
        return config.load(self.path)

    def index(self) -> Index:
        """The index, to fill it."""
        return app.open_index(self.settings)

    def write(self, name: str, content: str | bytes) -> str:
        """A file; its path."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """The commands on an empty folder."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield Cli(tmp_path, capsys)
    root.handlers[:], root.level = before, level
