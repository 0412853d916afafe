"""The whole stream as a user runs it: the command in processes, over a served newsroom."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from pipeline import app
from pipeline.config import Settings, load
from pipeline.supervisor import Child, Supervisor
from pipeline.topology import STEPS

ROOT = Path(__file__).parents[1]
RUN_SECONDS = 150.0

TIMES = ("first_seen", "fetched", "indexed", "version")
"""What differs between two runs over the same items: when they were processed."""


@dataclass(slots=True)
class Service:
    """A configured Tocsin in a folder; ``servers`` are environment variables that name others."""

    folder: Path
    text: str
    servers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(self.text, encoding="utf-8")

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "tocsin.toml"

    @property
    def settings(self) -> Settings:
        """The settings as the command reads them."""
        return load(self.config, self.servers)

    def tocsin(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        command = [sys.executable, "-m", "pipeline.cli", "--config", str(self.config), *words]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            cwd=ROOT,
            env={**os.environ, **self.servers},
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(
                f"{' '.join(words)}: {done.returncode}\n{done.stderr}{done.stdout}"
            )
        return done

    def json(self, *words: str) -> list[dict[str, Any]]:
        """What the command prints with ``--json``."""
        done = self.tocsin(*words, "--json", check=False)
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def stories(self) -> dict[str, dict[str, Any]]:
        """Every story in the index by URL."""
        lines = self.tocsin("export").stdout.splitlines()
        found = [json.loads(line) for line in lines]
        by_url = {story["url"]: story for story in found}
        assert len(by_url) == len(found), "a story is twice in the index"
        return by_url

    def account(self) -> dict[str, int]:
        """The totals over all sources; the account must close."""
        rows = self.json("account")
        assert all(row["gap"] == 0 for row in rows), rows
        names = ("seen", "stored", "duplicate", "dropped", "dead", "waiting")
        return {name: sum(row[name] for row in rows) for name in names}

    def run_with(self, commands: Mapping[str, Sequence[str]]) -> None:
        """As ``tocsin run --once`` does, but with these commands for the stages' processes."""
        bus = app.open_bus(self.settings)
        app.prepare_bus(bus)
        index = app.open_index(self.settings)
        index.setup()
        index.close()
        children = [Child(name, line, ends=name == "poll") for name, line in commands.items()]

        def drained() -> bool:
            if not all(child.ended for child in children if child.ends):
                return False
            return not any(sum(bus.lag(tuple(s.reads), s.name).values()) for s in STEPS)

        saved = {name: os.environ.get(name) for name in self.servers}
        os.environ.update(self.servers)
        try:
            assert Supervisor(children).run(until=drained) == 0
        finally:
            for name, value in saved.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            bus.close()


def fresh_servers(kafka: str, elastic: str) -> dict[str, str]:
    """The variables for real servers, with topics and indices of their own."""
    prefix = f"t{uuid.uuid4().hex[:8]}"
    return {
        "TOCSIN_BUS_URL": kafka,
        "TOCSIN_BUS_PREFIX": prefix,
        "TOCSIN_INDEX_URL": elastic,
        "TOCSIN_INDEX_PREFIX": prefix,
    }


def without_times(story: Mapping[str, Any]) -> str:
    """The story as bytes would show it, less when it was processed."""
    kept = {name: value for name, value in story.items() if name not in TIMES}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


class Site:
    """A small real site on loopback: paths to (content type, bytes), with conditional requests."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settings(self, sources: Sequence[Mapping[str, str]], **index: str) -> str:
        """The text of a settings file that polls this site."""
        lines = ['data = "data"', "[http]", 'allow = ["127.0.0.1"]', 'delay = "0s"', "[index]"]
        lines += [f'{key} = "{value}"' for key, value in index.items()]
        for source in sources:
            lines += ["[[source]]", *(f'{key} = "{value}"' for key, value in source.items())]
        return "\n".join(lines) + "\n"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append(self.path)
                kind, body = site.pages.get(self.path, ("text/plain", b""))
                status = 200 if self.path in site.pages else 404
                tag = f'"{hash(body)}"'
                if status == 200 and self.headers.get("If-None-Match") == tag:
                    status, body = 304, b""
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


def rss(entries: Iterator[str] | Sequence[str]) -> tuple[str, bytes]:
    """A feed of these items."""
    text = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Arvad Daily'
        f"</title><link>https://example.org/</link>{''.join(entries)}</channel></rss>"
    )
    return "application/rss+xml", text.encode()


def entry(number: int, link: str, title: str = "Shells hit Arvad") -> str:
    """One item of a feed."""
    return (
        f"<item><guid isPermaLink='false'>g{number}</guid><title>{title} {number}</title>"
        f"<link>{link}</link><pubDate>Mon, 02 Mar 2026 08:00:00 GMT</pubDate>"
        f"<description>Four people were killed by shells, the office said.</description></item>"
    )


def html_page(title: str, paragraphs: Sequence[str], head: str = "") -> tuple[str, bytes]:
    """An article's page."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    text = (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>{head}"
        f"</head><body><nav><a href='/'>Home</a></nav><article><h1>{title}</h1>{body}</article>"
        "<footer>All rights reserved</footer></body></html>"
    )
    return "text/html; charset=utf-8", text.encode()
