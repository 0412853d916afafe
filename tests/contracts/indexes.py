"""An index of either kind to test, and how another process opens the same."""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.index import Document, Index, Query
from pipeline.index.elastic import ElasticIndex
from pipeline.index.embedded import EmbeddedIndex
from pipeline.index.keeping import KeptIndex

PLURALS = ("stories", "incidents", "items", "fates")


@dataclass(frozen=True)
class Where:
    """Names an index; goes to other processes, which open it there."""

    folder: Path | None = None
    url: str = ""
    prefix: str = ""

    def open(self) -> KeptIndex:
        if self.folder:
            return EmbeddedIndex(self.folder)
        return ElasticIndex(self.url, prefix=self.prefix)


@dataclass(frozen=True)
class Shelf:
    """An index and where it is."""

    index: Index
    where: Where

    def put(self, *documents: Document) -> Sequence[str | Exception]:
        """Put them and wait until searches see them."""
        answers = self.index.put(documents)
        self.settle()
        return answers

    def settle(self) -> None:
        """Elasticsearch shows what was written about a second later, or now if asked."""
        if self.where.url:
            ask(f"{self.where.url}/{self.where.prefix}-*/_refresh", "POST")

    def ids(self, **asked: Any) -> list[str]:
        """The ids found, in order."""
        return [body["id"] for body in self.index.search(Query(**asked))]

    def clear(self) -> None:
        """Give the server its shards back."""
        if self.where.url:
            names = [f"{self.where.prefix}-{name}" for name in PLURALS]
            months = ",".join(f"{name}-2026.02" for name in names)
            ask(f"{self.where.url}/{months}?ignore_unavailable=true", "DELETE")
            ask(f"{self.where.url}/_index_template/{','.join(names)}", "DELETE")


def ask(url: str, method: str = "GET", data: bytes | None = None) -> bytes:
    """What the server answers; ``data`` is JSON."""
    headers = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
    return body
