"""Where a request may lead: redirects, addresses, names, certificates; and its pace."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.base import Answer, Request
from pipeline.errors import Reject, Retry, Skip
from pipeline.transports.http import Bounds, Http
from pipeline.transports.pace import Pace
from tests.transports.test_http import HTML, MANNERS, get, with_http
from tests.web import Web


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


def test_redirects(web: Web) -> None:
    """Redirects of every kind are followed; the answer has the last URL."""
    last = web.page("/last", HTML)
    for number, status in enumerate((301, 302, 303, 307, 308)):
        web.redirect(f"/{number}", f"/{number + 1}" if number < 4 else last, status)
    answer = get(web.url + "/0")
    assert (answer.url, answer.body) == (last, HTML)
    assert web.paths() == ["/0", "/1", "/2", "/3", "/4", "/last"]


def test_redirect_loop(web: Web) -> None:
    """A loop of redirects ends after the limit."""
    with pytest.raises(Skip, match="refused: more than 5 redirects"):
        get(web.redirect("/a", "/a"))
    assert len(web.seen) == 6


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.2]/",
        "http://127.0.0.2/",
        "http://2130706433/",
        "http://0x7f.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,hello",
        "https://news.example:22/",
        "http://\\127.0.0.1/",
    ],
)
def test_redirect_astray(web: Web, target: str) -> None:
    """A redirect to a private address, another scheme or another protocol's port is refused."""
    with pytest.raises(Reject):
        get(web.redirect("/a", target))


def test_redirect_to_another_origin_takes_no_secrets(web: Web) -> None:
    """What the caller sent for one origin does not go to another."""
    with Web() as other:
        url = web.redirect("/a", other.page("/b", HTML))
        get(url, authorization="Bearer x", x_api_key="y", if_none_match='"v"')
        assert web.seen[0].headers["authorization"] == "Bearer x"
        assert {"authorization", "x-api-key"}.isdisjoint(other.seen[0].headers)
        assert other.seen[0].headers["if-none-match"] == '"v"'


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/", "http://[::1]/", "http://localhost/", "http://10.0.0.1/",
        "http://2130706433/", "http://0x7f.1/", "http://127.1/", "ftp://127.0.0.1/",
        "http://user@/", "javascript:alert(1)", "not a url", "http://127.0.0.1\\@news.example/",
        "http://[64:ff9b::7f00:1]/", "http://[fd00:ec2::254]/",
    ],
)  # fmt: skip
def test_refused(url: str) -> None:
    """A URL that is none or leads to a private address is refused with a word that helps."""
    manners = replace(MANNERS, allow=())
    with pytest.raises(Reject, match=r"http\.allow|cannot be fetched"):
        with_http(lambda http: http.get(Request(url=url)), manners=manners)


def test_rebinding(web: Web) -> None:
    """A name that is public when first asked and loopback afterwards gains nothing."""
    names = {"first": 0}

    async def lookup(_: str) -> Sequence[str]:
        names["first"] += 1
        return ["127.0.0.3"] if names["first"] == 1 else ["127.0.0.1"]

    # 127.0.0.3 stands for the public server, on the same port as the private one
    with Web("127.0.0.3", wanted_port=web.port) as public:
        public.page("/a", HTML)
        web.page("/a", b"secret")

        async def twice(http: Http) -> None:
            request = Request(url=f"http://news.example:{web.port}/a")
            assert (await http.get(request)).body == HTML
            with pytest.raises(Reject, match=r"news\.example is at 127\.0\.0\.1"):
                await http.get(request)

        with_http(twice, manners=replace(MANNERS, allow=("127.0.0.3",)), lookup=lookup)
    assert web.seen == []


def test_no_name_no_server(web: Web) -> None:
    """An unknown name and a closed port are tried again."""

    async def lookup(host: str) -> Sequence[str]:
        raise OSError(f"no such name: {host}")

    with pytest.raises(Retry, match="no such name"):
        with_http(lambda http: http.get(Request(url="http://news.example/")), lookup=lookup)
    with Web() as gone:
        url = gone.url
    with pytest.raises(Retry):
        get(url + "/")


def test_bad_header(web: Web) -> None:
    """A header that would smuggle another is refused."""
    with pytest.raises(Reject, match="cannot be sent"):
        get(web.page("/a", HTML), if_none_match='"v"\r\nX-Evil: 1')


def test_tls_is_verified(web: Web, tmp_path: Path) -> None:
    """A server whose certificate nobody vouches for is not believed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", str(key), "-out", str(certificate), *subject],
        check=False, capture_output=True,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl is missing")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Web(tls=context) as secure, pytest.raises(Retry, match=r"(?i)certificate"):
        get(secure.page("/a", HTML))
    assert secure.seen == []


def test_pace(web: Web) -> None:
    """Requests to one host start apart by the clock passed in, redirects included."""
    clock = {"now": 0.0}

    async def sleep(seconds: float) -> None:
        clock["now"] += seconds

    pace = Pace(5.0, 2, monotonic=lambda: clock["now"], sleep=sleep)
    web.redirect("/a", "/b")
    web.page("/b", HTML)

    async def both(http: Http) -> None:
        await http.get(Request(url=web.url + "/a"))
        await http.get(Request(url=web.url + "/b"))

    with_http(both, pace=pace)
    assert clock["now"] == 10.0


def test_hosts_in_parallel(web: Web) -> None:
    """While one host hangs the others are served."""
    web.hang("/hang")
    with Web("127.0.0.2") as quick:
        page = quick.page("/a", HTML)

        async def mixed(http: Http) -> list[Answer | BaseException]:
            slow = [http.get(Request(url=web.url + "/hang")) for _ in range(4)]
            fast = [http.get(Request(url=page)) for _ in range(4)]
            return await asyncio.gather(*fast, *slow, return_exceptions=True)

        manners = replace(MANNERS, allow=("127.0.0.0/8",))
        bounds = Bounds(fetch_seconds=1.0, wait_seconds=0.5)
        results = with_http(mixed, manners=manners, bounds=bounds)
    assert all(isinstance(result, Answer) for result in results[:4])
    assert all(isinstance(result, Retry) for result in results[4:])
    assert len(web.seen) == 2  # two at a time; the others had no turn
