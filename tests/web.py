"""A small real web server on loopback whose routes a test scripts: also slow, lying and hostile."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came; ``headers`` by lower-case name, ``time`` is monotonic."""

    method: str
    path: str
    headers: Mapping[str, str]
    time: float


Route = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]
"""Writes a whole answer, head included; the connection is closed after it."""


@dataclass(slots=True)
class Web:
    """The server, in a thread of its own; use it in a ``with`` statement.

    A path without a route answers 404.  ``seen`` holds every request in order.
    """

    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    wanted_port: int = 0
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    _routes: dict[str, Route] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10), "the server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join(10)

    @property
    def url(self) -> str:
        """``http://HOST:PORT``, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def page(
        self,
        path: str,
        body: bytes | str = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        kind: str = "text/html; charset=utf-8",
    ) -> str:
        """Answer the path with this; its URL.  An ETag in ``headers`` is honoured with 304."""
        data = body.encode() if isinstance(body, str) else body
        given = {"Content-Type": kind, **(headers or {})}

        async def route(seen: Seen, writer: asyncio.StreamWriter) -> None:
            etag = given.get("ETag")
            if etag is not None and seen.headers.get("if-none-match") == etag:
                await send(writer, head(304, given))
            else:
                await send(writer, head(status, {"Content-Length": str(len(data)), **given}), data)

        return self.on(path, route)

    def redirect(self, path: str, target: str, status: int = 302) -> str:
        """Answer the path with a redirect; its URL."""
        return self.page(path, status=status, headers={"Location": target})

    def on(self, path: str, route: Route) -> str:
        """Answer the path (query included) by a function of your own; its URL."""
        self._routes[path] = route
        return self.url + path

    def drip(self, path: str, data: bytes, seconds: float) -> str:
        """Send the bytes one by one, so many seconds apart; its URL."""

        async def route(_: Seen, writer: asyncio.StreamWriter) -> None:
            for byte in data:
                await send(writer, bytes([byte]))
                await asyncio.sleep(seconds)

        return self.on(path, route)

    def hang(self, path: str) -> str:
        """Take the request and say nothing, for as long as the client stays; its URL."""

        async def route(_: Seen, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        return self.on(path, route)

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [seen.path for seen in self.seen]

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        opening = asyncio.start_server(self._serve, self.host, self.wanted_port, ssl=self.tls)
        server = self._loop.run_until_complete(opening)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            seen = _request(await reader.readuntil(b"\r\n\r\n"))
            self.seen.append(seen)
            await self._routes.get(seen.path, _missing)(seen, writer)
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """The head of an answer; the connection closes after it."""
    lines = [f"HTTP/1.1 {status} Said", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def send(writer: asyncio.StreamWriter, *parts: bytes) -> None:
    """Write and wait until it is on its way.

    Raises:
        OSError: the client is gone.
    """
    for part in parts:
        writer.write(part)
        await writer.drain()


async def _missing(_: Seen, writer: asyncio.StreamWriter) -> None:
    await send(writer, head(404, {"Content-Length": "0"}))


def _request(data: bytes) -> Seen:
    first, *lines = data.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Seen(method, path, headers, time.monotonic())
