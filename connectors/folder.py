"""A folder into which text and HTML files are put."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from connectors.base import Answer, Cursor, Item, Polled, Rejected, Request, SourceError, short_hash
from connectors.encoding import known, strict
from connectors.feedentry import plain

LISTING = "application/x-directory+json"
QUIET = timedelta(seconds=2)  # a file unchanged for so long is complete
MAX_FILES = 20_000  # the cursor remembers each in 40 bytes and must fit on the bus
MAX_AT_ONCE = 500  # files asked for in one poll; the rest wait for the next
MAX_BYTES = 5_000_000  # as pipeline.limits.PAGE_BYTES
_MAX_TITLE = 300
_MAX_REJECTED_BYTES = 200_000

_HTML = (".html", ".htm")
_SUFFIXES = (".txt", *_HTML)  # so that "story.txt.part" and "story.tmp" are none
_TITLE = re.compile(r"<title\b[^<>]*>([^<]{0,2000})", re.IGNORECASE)
_HEADING = re.compile(r"<h1\b[^<>]*>(.{0,2000}?)</h1", re.IGNORECASE | re.DOTALL)


class _File(msgspec.Struct, frozen=True):
    """A line of the listing; ``modified`` is seconds since 1970."""

    name: str
    size: int
    modified: float

    def mark(self) -> str:
        """What changes when the file does."""
        return short_hash(str(self.size), repr(self.modified))[:12]


@dataclass(frozen=True, slots=True)
class Folder:
    """The .txt, .html and .htm files of one folder, by name; ``url`` is ``file:///path/``.

    The poll asks for the listing and then for each file in ``more``.  Each :meth:`read` gives the
    cursor that the next one of the same poll is to be called with: a file counts as read only
    when its own answer was.

    Raises:
        ValueError: not a file URL, no such encoding.
    """

    name: str
    url: str
    encoding: str | None = None

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme != "file" or not urlsplit(self.url).path.startswith("/"):
            raise ValueError(f"url = {self.url!r} is no folder: write file:///path/to/folder/")
        if self.encoding and not known(self.encoding):
            raise ValueError(f"encoding = {self.encoding!r} is not known: try utf-8, windows-1251")

    def ask(self, cursor: Cursor) -> Request:
        """Ask for the listing."""
        return Request(url=self._root())

    def read(self, answer: Answer, cursor: Cursor) -> Polled:
        """The files to ask for, or the item of one file.

        Raises:
            SourceError: neither a listing nor a file.
        """
        if answer.status != 200:
            raise SourceError(f"{answer.url} cannot be read (status {answer.status})")
        if answer.headers.get("content-type", "").startswith(LISTING):
            return self._listing(answer, cursor)
        if answer.url.endswith("/"):
            raise SourceError(f"{answer.url} is no listing of a folder: correct its url")
        return self._file(answer, cursor)

    def _root(self) -> str:
        return self.url if self.url.endswith("/") else self.url + "/"

    def _listing(self, answer: Answer, cursor: Cursor) -> Polled:
        files = _files(answer)
        before, waiting = _state(cursor, "read"), _state(cursor, "waiting")
        now = answer.time.timestamp()
        fresh = [file for file in files if before.get(file.name) != file.mark()]
        due = {file.name: _due(file, waiting, now) for file in fresh}
        old = [file for file in fresh if due[file.name] <= now]
        large = [file for file in old if file.size > MAX_BYTES]
        ready = [file for file in old if file.size <= MAX_BYTES]
        young = {f.name: [f.mark(), due[f.name]] for f in fresh if due[f.name] > now}
        again = [*([now] if len(ready) > MAX_AT_ONCE else []), *(due[name] for name in young)]
        marks = {file.name: before[file.name] for file in files if file.name in before}
        marks.update((file.name, file.mark()) for file in large)
        return Polled(
            more=tuple(Request(url=self._root() + quote(f.name)) for f in ready[:MAX_AT_ONCE]),
            rejects=tuple(_too_large(file) for file in large),
            cursor=Cursor(state={"read": marks, **({"waiting": young} if young else {})}),
            not_before=datetime.fromtimestamp(min(again), UTC) if again else None,
        )

    def _file(self, answer: Answer, cursor: Cursor) -> Polled:
        name = unquote(answer.url.rpartition("/")[2])
        file = _File(name, len(answer.body), _modified(answer))
        if 0 <= answer.time.timestamp() - file.modified < QUIET.total_seconds():
            # changed again since the listing: the next poll has it
            again = datetime.fromtimestamp(file.modified, UTC) + QUIET
            return Polled(cursor=cursor, not_before=again)
        read = {**_state(cursor, "read"), name: file.mark()}
        after = Cursor(state={**cursor.state, "read": read})
        text = strict(answer.body, "", known(self.encoding) if self.encoding else None)
        if text is None or not text.strip():
            reason = (
                f"{name} is empty" if answer.body.isspace() or not answer.body else _advice(name)
            )
            data = answer.body[:_MAX_REJECTED_BYTES]
            return Polled(rejects=(Rejected(reason=reason, data=data),), cursor=after)
        return Polled(items=(self._item(answer.url, name, text, file.modified),), cursor=after)

    def _item(self, url: str, name: str, text: str, modified: float) -> Item:
        """No ``published``: a file's time is when it was copied; an archive would be of today."""
        is_html = name.lower().endswith(_HTML)
        when = datetime.fromtimestamp(modified, UTC).isoformat().replace("+00:00", "Z")
        return Item(
            source=self.name,
            key=name,
            url=url,
            title=_title(text, is_html) or PurePosixPath(name).stem,
            body=text,
            extra={"media_type": "text/html" if is_html else "text/plain", "modified": when},
        )


def _title(text: str, is_html: bool) -> str:
    if is_html:
        found = _TITLE.search(text) or _HEADING.search(text)
        return plain(found[1])[:_MAX_TITLE] if found else ""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:_MAX_TITLE]


def _files(answer: Answer) -> list[_File]:
    try:
        listed = msgspec.json.decode(answer.body, type=list[_File])
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SourceError(f"the listing of {answer.url} cannot be read: {error}") from error
    files = {file.name: file for file in listed if _wanted(file)}
    if len(files) > MAX_FILES:
        raise SourceError(f"{answer.url} has over {MAX_FILES:,} files: move those read elsewhere")
    return sorted(files.values(), key=lambda file: (file.modified, file.name))


def _wanted(file: _File) -> bool:
    name = file.name
    plain_name = name and "/" not in name and "\x00" not in name and not name.startswith(".")
    return bool(plain_name) and name.lower().endswith(_SUFFIXES) and abs(file.modified) < 1e11


def _due(file: _File, waiting: dict[str, Any], now: float) -> float:
    """When the file will be old enough; for one from the future, seen unchanged for long enough."""
    quiet = QUIET.total_seconds()
    if file.modified <= now:
        return file.modified + quiet
    seen = waiting.get(file.name)
    if isinstance(seen, list) and len(seen) == 2 and seen[0] == file.mark():
        return float(seen[1])
    return now + quiet


def _modified(answer: Answer) -> float:
    try:
        modified = float(answer.headers.get("x-modified", ""))
    except ValueError:
        modified = 0.0
    return modified if abs(modified) < 1e11 else 0.0


def _state(cursor: Cursor, name: str) -> dict[str, Any]:
    found = cursor.state.get(name)
    return dict(found) if isinstance(found, dict) else {}


def _too_large(file: _File) -> Rejected:
    reason = f"{file.name} has {file.size:,} bytes, over {MAX_BYTES:,}: split it"
    return Rejected(reason=reason, data=b"")


def _advice(name: str) -> str:
    return f"{name} is no text that can be decoded: save it as UTF-8, or set `encoding`"
