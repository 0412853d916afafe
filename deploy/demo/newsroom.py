"""Serve the sample newsroom on loopback: ``python deploy/demo/newsroom.py --ready FILE``.

Each publisher has a loopback address of its own where the system has them (Linux: 127.0.0.2 and
on), else a port of its own on 127.0.0.1.  ``GET /__log`` tells the requests so far, ``POST
/__next`` begins the second day.  Everything else is deterministic: the news is of 2 March 2026.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

if not __package__:  # run as a script: the root of the tree is not on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.demo.content import FOLDER, Content, load
from deploy.demo.web import Desk, PublisherServer

EXPECTED = FOLDER.parent / "expected.json"
FOLDER_SOURCE = "field-notes"
STOP_SECONDS = 0.1  # how often a server looks whether it shall end


class Newsroom:
    """All publishers, being served; a context manager that stops them."""

    def __init__(
        self, *, port: int = 0, hang: bool = False, content: Content | None = None
    ) -> None:
        """Bind every publisher's server.

        Raises:
            OSError: an address or port is taken.
        """
        self.content = content or load()
        self.desk = Desk(self.content, hang=hang)
        spread = sys.platform == "linux"
        self._servers = {
            publisher.id: PublisherServer(_address(n, port, spread=spread), publisher, self.desk)
            for n, publisher in enumerate(self.content.publishers.values())
        }
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(STOP_SECONDS,), daemon=True)
            for server in self._servers.values()
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.desk.closing.set()
        servers = list(self._servers.values())
        with ThreadPoolExecutor(len(servers)) as pool:  # each waits until its loop looks
            list(pool.map(PublisherServer.shutdown, servers))
        for server in servers:
            server.server_close()

    @property
    def log(self) -> list[Mapping[str, object]]:
        """Every request so far, in order."""
        with self.desk.lock:
            return list(self.desk.requests)

    def next_day(self) -> None:
        """Begin the second day: a correction, three new items, one old entry gone."""
        self.desk.day = 2

    def base(self, publisher: str) -> str:
        """The address of a publisher, without a path."""
        return self._servers[publisher].base

    def url(self, article: str) -> str:
        """The address that the feeds link to for this article."""
        found = self.content.article(article)
        return self.base(found.publisher) + found.path

    def sources(self) -> list[dict[str, Any]]:
        """The ``[[source]]`` tables of all feeds and of the folder."""
        feeds: list[dict[str, Any]] = [
            {
                "name": plan.source,
                "kind": "feed",
                "url": self.base(publisher.id) + plan.path,
                "publisher": publisher.name,
                "country": publisher.country,
                "language": publisher.language,
            }
            for publisher in self.content.publishers.values()
            for plan in publisher.feeds
        ]
        notes = {"name": FOLDER_SOURCE, "kind": "folder", "url": (FOLDER / "folder").as_uri()}
        return [*feeds, notes]

    def config(self, data: Path) -> str:
        """A whole ``tocsin.toml`` for this newsroom, its data in that folder."""
        sections: dict[str, dict[str, Any]] = {
            "bus": {"url": "embedded"},
            "index": {"url": "embedded", "keep": "relevant"},
            "http": {
                "contact": "https://tocsin.example/bot",
                "allow": ["127.0.0.0/8"],
                "delay": "0s",
            },
        }
        lines = [f"data = {_toml(str(data))}"]
        for name, table in sections.items():
            lines += ["", f"[{name}]", *(f"{k} = {_toml(v)}" for k, v in table.items())]
        for source in self.sources():
            lines += ["", "[[source]]", *(f"{k} = {_toml(v)}" for k, v in source.items())]
        return "\n".join(lines) + "\n"


def expected() -> dict[str, Any]:
    """The truth: how every entry of every source ends, on the first day and on the second."""
    found: dict[str, Any] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = _options().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Newsroom(port=options.port, hang=options.hang) as room:
        if options.write_config:
            path = Path(options.write_config).resolve()
            _write(path, room.config(path.parent / "data"))
        ready = {
            "pid": os.getpid(),
            "publishers": {p: room.base(p) for p in room.content.publishers},
        }
        if options.ready:
            _write(Path(options.ready), json.dumps(ready | {"sources": room.sources()}))
        else:
            print(json.dumps(ready["publishers"], indent=1), flush=True)
        stop.wait()
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes free ones (default)")
    parser.add_argument(
        "--ready", metavar="FILE", help="written when all serve: addresses, sources"
    )
    parser.add_argument("--write-config", metavar="FILE", help="a tocsin.toml for this newsroom")
    parser.add_argument("--hang", action="store_true", help="one page never answers")
    return parser


def _address(n: int, port: int, *, spread: bool) -> tuple[str, int]:
    if spread:
        return f"127.0.0.{n + 2}", port
    return "127.0.0.1", port + n if port else 0


def _toml(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)  # strings and lists of them read the same in TOML


def _write(path: Path, text: str) -> None:
    """Write at once: who waits for the file never reads half of it."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


if __name__ == "__main__":
    sys.exit(main())
