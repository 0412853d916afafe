"""The index on Elasticsearch 9.  See the port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.serializer import OrjsonSerializer

from pipeline.errors import Fatal, TocsinError
from pipeline.index import Document, Kind, Query
from pipeline.index import bulk as bulks
from pipeline.index.asking import condition, groups, order
from pipeline.index.faults import TROUBLE, fatal, fault, shown
from pipeline.index.shapes import SHAPES, check_fields, ended
from pipeline.index.templates import install, missing
from pipeline.limits import BULK_SECONDS, SEARCH_SECONDS

_PAGE = 200  # documents a request while a search streams; 1 MB of stories
_BUCKETS = 1_000  # of a count a request
_PIT = "2m"  # how long the server keeps a search that its caller reads slowly
_ANSWERS = "items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by"


class ElasticIndex:
    """:class:`pipeline.index.Index` in one index per kind and month, ``PREFIX-stories-2026.02``.

    Raises:
        Fatal: the URL or a file of the configuration cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        user: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        ca_certs: str | None = None,
    ) -> None:
        self._prefix = prefix
        self._server = shown(url)
        self._ready = False
        basic = (user, password or "") if user is not None else None
        trust: dict[str, Any] = {"ca_certs": ca_certs} if ca_certs else {}
        try:
            self._client = Elasticsearch(
                url,
                basic_auth=basic,
                api_key=api_key,
                serializer=OrjsonSerializer(),
                request_timeout=SEARCH_SECONDS,
                max_retries=0,
                retry_on_timeout=False,
                **trust,
            )
        except (ValueError, OSError):  # the client's own words may hold the password
            raise Fatal(
                f"cannot use {self._server} as index.url: it must be like http://host:9200, with"
                " user and password or api_key, and ca_certs naming a file, for https only"
            ) from None

    def setup(self) -> Sequence[str]:
        """See the port."""
        try:
            with self._careful():
                self._check_server()
                return list(install(self._client, self._prefix))
        except TocsinError as error:
            fatal(error)

    def put(self, documents: Sequence[Document]) -> Sequence[str | Exception]:
        """See the port; each bulk request has BULK_SECONDS.

        Raises:
            Fatal: also before the first write where the templates are missing, since a server
                would make indices of its own guess.
        """
        if not self._ready:
            self._check_templates()
        return bulks.put(documents, self._prefix, self._send, self._server)

    def get(self, kind: Kind, id: str) -> Mapping[str, Any] | None:
        """See the port; a document is seen about a second after it was put."""
        answer = self._search(
            kind, query={"ids": {"values": [_plain(id)]}}, size=1, sort=[{"sort_time": "desc"}]
        )
        hits = answer["hits"]["hits"]
        return hits[0]["_source"] if hits else None

    def search(self, query: Query) -> Iterator[Mapping[str, Any]]:
        """See the port; more than 200 come from one point in time, page by page.

        Raises:
            ValueError: the query names a field that the index does not know.
            Retry: the server cannot answer now.
        """
        check_fields(SHAPES[query.kind], query)
        if query.limit is not None and query.limit <= _PAGE:
            return self._few(query, query.limit)
        return self._many(query)

    def _few(self, query: Query, limit: int) -> Iterator[Mapping[str, Any]]:
        answer = self._search(query.kind, query=condition(query), size=limit, sort=order(query))
        for hit in answer["hits"]["hits"]:
            yield hit["_source"]

    def _many(self, query: Query) -> Iterator[Mapping[str, Any]]:
        left, after = query.limit, None
        with self._point_in_time(query.kind) as point:
            while left is None or left > 0:
                size = _PAGE if left is None else min(left, _PAGE)
                hits = self._page(query, size, point, after)
                for hit in hits:
                    yield hit["_source"]
                if len(hits) < size:
                    return
                after = hits[-1]["sort"]
                left = None if left is None else left - size

    def _page(
        self, query: Query, size: int, point: dict[str, str], after: list[Any] | None
    ) -> list[dict[str, Any]]:
        answer = self._search(
            None,
            query=condition(query),
            size=size,
            sort=order(query),
            pit={**point, "keep_alive": _PIT},
            search_after=after,
        )
        point["id"] = answer.get("pit_id", point["id"])
        found: list[dict[str, Any]] = answer["hits"]["hits"]
        return found

    def count(self, query: Query, by: Sequence[str]) -> Mapping[tuple[str, ...], int]:
        """See the port.

        Raises:
            ValueError: the query names a field that the index does not know.
            Retry: the server cannot answer now.
        """
        check_fields(SHAPES[query.kind], query, tuple(by))
        if not by:
            answer = self._search(query.kind, query=condition(query), size=0, track_total_hits=True)
            total = answer["hits"]["total"]["value"]
            return {(): total} if total else {}
        return dict(self._grouped(query, by))

    def _grouped(self, query: Query, by: Sequence[str]) -> Iterator[tuple[tuple[str, ...], int]]:
        composite: dict[str, Any] = {"size": _BUCKETS, "sources": groups(query, by)}
        while True:
            answer = self._search(
                query.kind,
                query=condition(query),
                size=0,
                aggs={"groups": {"composite": composite}},
            )
            found = answer.get("aggregations", {}).get("groups", {"buckets": []})
            for bucket in found["buckets"]:
                names = (bucket["key"][str(n)] for n in range(len(by)))
                yield (
                    tuple("" if name is None else str(name) for name in names),
                    bucket["doc_count"],
                )
            if "after_key" not in found:
                return
            composite["after"] = found["after_key"]

    def drop(self, kind: Kind, before: date, *, dry: bool = False) -> Iterator[tuple[str, int]]:
        """See :class:`pipeline.index.keeping.KeptIndex`; whole months, an index a step."""
        with self._careful():
            there = sorted(self._client.indices.get_alias(index=self._pattern(kind)).body)
        start = f"{self._prefix}-{SHAPES[kind].plural}-"
        for name in there:
            end = ended(name.removeprefix(start))
            if end is None or end > before:
                continue
            with self._careful():
                counted = self._client.count(index=name, ignore_unavailable=True)["count"]
                if not dry:  # its own lifecycle may have been faster
                    self._client.indices.delete(index=name, ignore_unavailable=True)
            yield name, counted

    def close(self) -> None:
        """See the port."""
        self._client.close()

    # -- the requests

    def _pattern(self, kind: Kind) -> str:
        return f"{self._prefix}-{SHAPES[kind].plural}-*"

    def _search(self, kind: Kind | None, **asked: Any) -> Mapping[str, Any]:
        """One search request; indices that no month has made yet count as empty."""
        if kind is not None:
            asked |= {"index": self._pattern(kind), "ignore_unavailable": True}
        given = {name: value for name, value in asked.items() if value is not None}
        given.setdefault("track_total_hits", False)
        with self._careful():
            answer = self._client.search(**given, source_excludes=list(bulks.DERIVED))
        found: Mapping[str, Any] = answer.body
        return found

    @contextmanager
    def _point_in_time(self, kind: Kind) -> Iterator[dict[str, str]]:
        with self._careful():
            opened = self._client.open_point_in_time(
                index=self._pattern(kind), keep_alive=_PIT, ignore_unavailable=True
            )
        point = {"id": str(opened["id"])}
        try:
            yield point
        finally:
            with suppress(*TROUBLE):  # it goes by itself after _PIT
                self._client.close_point_in_time(id=point["id"])

    def _send(self, lines: bytes) -> Mapping[str, Any]:
        with self._careful():
            answer = self._client.options(request_timeout=BULK_SECONDS).perform_request(
                "POST",
                "/_bulk",
                params={"filter_path": _ANSWERS},
                headers={
                    "accept": "application/vnd.elasticsearch+json; compatible-with=9",
                    "content-type": "application/vnd.elasticsearch+x-ndjson; compatible-with=9",
                },
                body=lines,
            )
        body: Mapping[str, Any] = answer.body
        return body

    def _check_templates(self) -> None:
        with self._careful():
            self._check_server()
            names = missing(self._client, self._prefix)
        if names:
            raise Fatal(
                f"{self._server} lacks the index templates {', '.join(names)}: run `tocsin setup`"
            )
        self._ready = True

    def _check_server(self) -> None:
        version = str(self._client.info()["version"]["number"])
        if int(version.partition(".")[0]) < 9:
            raise Fatal(f"{self._server} is Elasticsearch {version}; 9 or later is needed")

    @contextmanager
    def _careful(self) -> Iterator[None]:
        try:
            yield
        except TROUBLE as error:
            raise fault(error, self._server) from None


def _plain(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
