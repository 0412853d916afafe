"""``make demo``: the sample newsroom through the whole stream, on this machine alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # run as a script: the root of the tree is not on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.demo.newsroom import Newsroom


def main() -> int:
    """Two days of news, and what came out; the exit code of the first command that failed."""
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as folder, Newsroom() as room:
        config = Path(folder) / "tocsin.toml"
        config.write_text(room.config(Path(folder) / "data"), encoding="utf-8")
        publishers = len(room.content.publishers)
        first = room.sources()[0]["url"]
        say(f"A newsroom of {publishers} publishers is served on loopback: {first} ...")
        steps = (
            ("Monday: every source is polled once", ["run", "--once"]),
            ("What came out, newest first", ["search", "--limit", "100"]),
            ("What it says in one story", ["explain", room.url("kutum-market")]),
            ("Where a story went", ["trace", room.url("prisoner-swap")]),
        )
        for title, command in steps:
            if code := tocsin(config, title, command):
                return code
        room.next_day()
        say("\nTuesday: a figure is corrected, three items are new")
        for title, command in (
            ("The same again: only what changed is fetched", ["run", "--once"]),
            ("The corrected story is a revision, not a second story", ["search", "Ansongo"]),
            ("Nothing is lost in silence", ["dead", "list"]),
            ("Stages and sources", ["status"]),
        ):
            if code := tocsin(config, title, command):
                return code
    return 0


def tocsin(config: Path, title: str, command: Sequence[str]) -> int:
    """Show a command and run it; its exit code."""
    say(f"\n--- {title}\n$ tocsin {' '.join(command)}")
    begun = time.monotonic()
    line = [sys.executable, "-m", "pipeline.cli", "--config", str(config), *command]
    code = subprocess.run(line, check=False).returncode  # noqa: S603 - our own command line
    say(f"({time.monotonic() - begun:.1f} s)")
    return code


def say(text: str) -> None:
    """A line of the demo, before what the next command prints."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
