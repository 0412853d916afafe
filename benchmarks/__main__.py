"""``make bench``: every benchmark, one after the other; the exit code of the worst."""

from __future__ import annotations

import subprocess
import sys

ALL = ("extraction", "relevance", "places", "feeds", "opml", "bus", "index", "line")


def main() -> int:
    """Run them all."""
    worst = 0
    for name in ALL:
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        worst = max(worst, subprocess.run(command, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
