"""What only the Elasticsearch adapter does: answers of servers and proxies, templates, aliases."""

from __future__ import annotations

import base64
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest

from pipeline.errors import Fatal, Reject, Retry
from pipeline.index import Query
from pipeline.index.bulk import batches
from pipeline.index.elastic import ElasticIndex
from pipeline.index.templates import template
from pipeline.limits import BULK_BYTES, BULK_DOCUMENTS
from tests.contracts.index_samples import incident, story, told
from tests.contracts.indexes import Shelf, Where, ask


@dataclass
class Stub:
    """A server that looks like Elasticsearch and answers bulk requests as told."""

    answers: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    version: str = "9.4.3"
    status: int = 200
    most: int = 10**9
    requests: list[bytes] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, str], Any]:
        if self.status != 200:
            return self.status, {}, {"error": {"type": "security_exception", "reason": "no"}}
        if not path.startswith("/_bulk"):
            return 200, {}, {"version": {"number": self.version}}
        self.requests.append(body)
        if len(body) > self.most:
            return 413, {}, {"error": "too large"}
        if self.answers:
            return self.answers.pop(0)
        items = [{"index": {"status": 201}}] * (body.count(b"\n") // 2)
        return 200, {}, {"items": items}


@contextmanager
def served(stub: Stub) -> Iterator[ElasticIndex]:
    class Served(BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, made = stub.answer(self.path, body)
            data = json.dumps(made).encode()
            self.send_response(status)
            for name, value in (headers | {"X-Elastic-Product": "Elasticsearch"}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_HEAD = do_PUT = _do

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Served)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    index = ElasticIndex(stub.url, prefix="t", user="ann", password="s3cret-word")
    try:
        yield index
    finally:
        index.close()
        server.shutdown()
        thread.join()
        server.server_close()


def failed(status: int, kind: str) -> dict[str, Any]:
    return {"index": {"status": status, "error": {"type": kind, "reason": "because"}}}


def test_each_document_has_its_own_answer() -> None:
    """409 is unchanged, 400 a Reject with the reason, 429 and 503 a Retry, each for its own."""
    items = [
        {"index": {"status": 201}},
        {"index": {"status": 200}},
        failed(409, "version_conflict_engine_exception"),
        failed(400, "document_parsing_exception"),
        failed(429, "es_rejected_execution_exception"),
        failed(503, "unavailable_shards_exception"),
        failed(400, "validation_exception"),
    ]
    with served(Stub(answers=[(200, {}, {"items": items})])) as index:
        answers = index.put([story(f"s{n}") for n in range(7)])
    assert answers[:3] == ["created", "updated", "unchanged"]
    assert [type(answer) for answer in answers[3:]] == [Reject, Retry, Retry, Retry]
    assert "because" in str(answers[3])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_request_refused_for_now(status: int) -> None:
    """The batch is a Retry after the time that the server names; the client tries only once."""
    stub = Stub(answers=[(status, {"Retry-After": "7"}, {"error": "busy"})])
    with served(stub) as index:
        with pytest.raises(Retry) as caught:
            index.put([story("a")])
        assert caught.value.after == 7
        assert len(stub.requests) == 1
        assert index.put([story("a")]) == ["created"]


def test_a_server_that_is_not_there() -> None:
    """Nobody listens: put and search say Retry, setup says Fatal."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        index = ElasticIndex(f"http://127.0.0.1:{taken.getsockname()[1]}", prefix="t")
        with pytest.raises(Retry, match="cannot reach"):
            index.put([story("a")])
        with pytest.raises(Retry, match="cannot reach"):
            list(index.search(Query()))
        with pytest.raises(Fatal, match="cannot reach"):
            index.setup()
        index.close()


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials(status: int) -> None:
    """They stop the process; no message and no representation holds the password."""
    with served(Stub(status=status)) as index:
        for call in (lambda: index.put([story("a")]), index.setup, lambda: index.get("story", "a")):
            with pytest.raises(Fatal, match=r"credentials.*index\.user") as caught:
                call()
            told_all = repr(caught.value) + str(caught.value) + repr(index)
            assert "s3cret-word" not in told_all
            assert base64.b64encode(b"ann:s3cret-word").decode() not in told_all


@pytest.mark.parametrize(
    "url", ["http://ann:s3cret-word@127.0.0.1", "127.0.0.1:9200 s3cret-word", "kafka://s3cret-word"]
)
def test_a_wrong_url_keeps_its_secrets(url: str) -> None:
    """A URL that cannot be used is a Fatal that tells the form and not the password."""
    with pytest.raises(Fatal, match="http://host:9200") as caught:
        ElasticIndex(url, prefix="t", ca_certs="/no/such/file")
    assert "ann:s3cret-word" not in str(caught.value)


def test_an_older_server() -> None:
    """Elasticsearch 8 is refused with what to do."""
    with served(Stub(version="8.19.0")) as index, pytest.raises(Fatal, match=r"8\.19\.0.*9 or"):
        index.put([story("a")])


def test_a_proxy_that_takes_little() -> None:
    """A 413 halves the request until it passes; one document too large alone is a Reject."""
    stub = Stub(most=5_000)
    with served(stub) as index:
        answers = index.put([*(story(f"s{n}") for n in range(8)), story("big", body="x" * 9_000)])
    assert answers[:8] == ["created"] * 8
    assert isinstance(answers[8], Reject)


def test_requests_are_bounded() -> None:
    """By bytes and by number; one line over the limit goes alone."""
    lines = dict(enumerate([b"x" * 100] * 1_200))
    assert [len(batch) for batch in batches(lines)] == [BULK_DOCUMENTS, BULK_DOCUMENTS, 200]
    large = dict(enumerate([b"x" * (BULK_BYTES // 2), b"x" * BULK_BYTES, b"x", b"x"]))
    assert list(batches(large)) == [[0], [1], [2, 3]]


@pytest.fixture
def shelf(elastic_url: str) -> Iterator[Shelf]:
    where = Where(url=elastic_url, prefix=f"t{uuid.uuid4().hex[:12]}")
    made = Shelf(where.open(), where)
    yield made
    made.index.close()
    made.clear()


def test_templates_on_a_server(shelf: Shelf) -> None:
    """Put waits for setup, aliases hide, places are points, an upgrade reaches old indices."""
    url, prefix = shelf.where.url, shelf.where.prefix
    with pytest.raises(Fatal, match="tocsin setup"):
        shelf.index.put([story("a")])
    changed = shelf.index.setup()
    assert sorted(changed) == [
        f"created the index template {prefix}-{name}"
        for name in ("fates", "incidents", "items", "stories")
    ]
    shelf.put(told("a"), told("b"), incident("i"), story("dead", state="killed", title="", body=""))
    hits = json.loads(ask(f"{url}/{prefix}-stories/_search"))["hits"]["hits"]
    assert {hit["_id"] for hit in hits} == {"a", "b"}
    near = {"geo_distance": {"distance": "9km", "mentions.places.location": [69.17, 34.53]}}
    query = orjson.dumps({"query": near})
    assert json.loads(ask(f"{url}/{prefix}-stories/_count", "POST", query))["count"] == 2
    strict = json.loads(ask(f"{url}/{prefix}-stories-2026.02/_mapping"))
    assert strict[f"{prefix}-stories-2026.02"]["mappings"]["dynamic"] == "strict"
    _make_older(url, f"{prefix}-stories")
    assert list(shelf.where.open().setup()) == [
        f"upgraded the index template {prefix}-stories",
        f"upgraded the mapping of the indices {prefix}-stories-*",
    ]


def _make_older(url: str, name: str) -> None:
    wanted = template(name.partition("-")[2], name.partition("-")[0])
    wanted["_meta"] = {"version": 0, "hash": "older"}
    ask(f"{url}/_index_template/{name}", "PUT", orjson.dumps(wanted))
