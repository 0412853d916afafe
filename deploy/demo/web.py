"""One publisher's web server: pages, feeds, robots.txt, conditional requests and their troubles."""

from __future__ import annotations

import gzip
import hashlib
import json
import socketserver
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from deploy.demo import feeds, pages
from deploy.demo.content import Content, Publisher

FIRST_DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
IDLE_SECONDS = 30.0  # a kept connection without a request is closed
LOG_LINES = 10_000  # of requests kept; the demo makes about 60
RELATED = 4  # links beside an article


@dataclass(frozen=True, slots=True)
class Resource:
    """What stands under a path: bytes with their validators, and what is wrong with it."""

    body: bytes
    type: str
    modified: datetime
    trouble: str = ""

    @property
    def etag(self) -> str:
        """The same for the same bytes."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@dataclass(slots=True)
class Desk:
    """What all servers share: the day, the log of requests, and whether it is closing time."""

    content: Content
    hang: bool = False
    day: int = 1
    requests: list[Mapping[str, object]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    tried: set[str] = field(default_factory=set)

    def note(self, line: Mapping[str, object]) -> None:
        """Write a request into the log."""
        with self.lock:
            self.requests.append(line)
            del self.requests[:-LOG_LINES]

    def first_try(self, path: str) -> bool:
        """Whether nobody asked for this before."""
        with self.lock:
            first = path not in self.tried
            self.tried.add(path)
            return first


class PublisherServer(ThreadingHTTPServer):
    """Serves one publisher at one address of its own."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], publisher: Publisher, desk: Desk) -> None:
        super().__init__(address, PublisherRequest)
        self.publisher = publisher
        self.desk = desk
        self.base = f"http://{self.server_address[0]!s}:{self.server_address[1]}"
        self.sites = {day: site(desk.content, publisher, self.base, day) for day in (1, 2)}

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name that http.server makes; it can be slow."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


def site(content: Content, publisher: Publisher, base: str, day: int) -> dict[str, Resource]:
    """Everything the publisher has on its server on that day, by path."""
    articles = content.pages(publisher.id, day)
    first_day = [a for a in content.pages(publisher.id, 1) if a.trouble != "huge"]
    html = f"text/html; charset={publisher.charset}"
    if publisher.charset != "utf-8":
        html = "text/html"  # as old sites do: only the page itself says its encoding
    found = {"/robots.txt": Resource(_robots(publisher), "text/plain; charset=utf-8", FIRST_DAY)}
    found["/"] = Resource(pages.front(publisher, base, articles), html, FIRST_DAY)
    for article in articles:
        others = [other for other in first_day if other.id != article.id][:RELATED]
        body = pages.page(article, publisher, base, others)
        modified = article.updated or article.published
        found[article.path] = Resource(body, html, modified, article.trouble)
    for plan in publisher.feeds:
        shown = content.entries(publisher.id, plan, day)
        newest = max(article.updated or article.published for article in shown)
        body = feeds.feed(plan, publisher, base, shown)
        kind = "application/atom+xml" if plan.format == "atom" else "application/rss+xml"
        found[plan.path] = Resource(body, kind, newest)
    return found


def _robots(publisher: Publisher) -> bytes:
    rules = "".join(f"Disallow: {path}\n" for path in publisher.disallow) or "Disallow:\n"
    return f"User-agent: *\n{rules}".encode()


class PublisherRequest(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: PublisherServer
    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """A page, a feed, robots.txt, or the log."""
        path = self.path.partition("?")[0]
        if path == "/__log":
            with self.server.desk.lock:
                body = json.dumps(self.server.desk.requests).encode()
            return self._send(200, body, {"Content-Type": "application/json"})
        resource = self.server.sites[self.server.desk.day].get(path)
        if resource is None:
            return self._send(404, b"not found", {"Content-Type": "text/plain"})
        if self._troubled(path, resource):
            return None
        return self._answer(resource)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Only ``/__next``: the second day begins."""
        self.close_connection = True  # whatever body came is not read
        if self.path != "/__next":
            return self._send(405, b"", {"Allow": "GET, HEAD"})
        self.server.desk.day = 2
        return self._send(200, b'{"day": 2}', {"Content-Type": "application/json"})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr; the log is kept by :class:`Desk`."""

    def _troubled(self, path: str, resource: Resource) -> bool:
        """Whether the page's trouble was the answer."""
        desk, trouble = self.server.desk, resource.trouble
        if trouble == "hang" and desk.hang:
            self._note(0)
            desk.closing.wait()
            self.close_connection = True
            return True
        if trouble == "503-once":
            if not desk.first_try(f"{self.server.publisher.id}{path}"):
                return False
            self._send(503, b"<h1>Service unavailable</h1>", {"Retry-After": "1"})
            return True
        if trouble in {"404", "403"}:
            self._send(
                int(trouble), b"<h1>Nothing to read here</h1>", {"Content-Type": "text/html"}
            )
            return True
        return False

    def _answer(self, resource: Resource) -> None:
        headers = {
            "Content-Type": resource.type,
            "ETag": resource.etag,
            "Last-Modified": format_datetime(resource.modified.astimezone(UTC), usegmt=True),
            "Vary": "Accept-Encoding",
        }
        if self._unchanged(resource):
            return self._send(304, b"", headers)
        body = resource.body
        if "gzip" in self.headers.get("Accept-Encoding", "") and resource.trouble != "huge":
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return self._send(200, body, headers)

    def _unchanged(self, resource: Resource) -> bool:
        tags = self.headers.get("If-None-Match")
        if tags is not None:  # RFC 9110 section 13.1.3: the date counts only without a tag
            return resource.etag in tags or tags.strip() == "*"
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
        except ValueError:
            return False
        return resource.modified.replace(microsecond=0) <= since

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self._note(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            if self.command != "HEAD" and status != 304:
                self.wfile.write(body)
        except ConnectionError:  # who asked has read enough of a page that is too large
            self.close_connection = True

    def _note(self, status: int) -> None:
        if self.path.startswith("/__"):
            return
        asked = {name.lower() for name in self.headers}
        self.server.desk.note(
            {
                "publisher": self.server.publisher.id,
                "method": self.command,
                "path": self.path,
                "status": status,
                "conditional": bool(asked & {"if-none-match", "if-modified-since"}),
                "agent": self.headers.get("User-Agent", ""),
            }
        )
