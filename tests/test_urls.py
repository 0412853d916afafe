"""What a URL is, and when two of them are one article."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import limits
from pipeline.urls import article_id, clean, host, is_http, normalise, origin, port, registrable

SAME = [
    ("HTTP://News.Example:80", "http://news.example/"),
    ("https://news.example:443/a", "https://news.example/a"),
    ("https://news.example:8443/a", "https://news.example:8443/a"),
    ("https://news.example./a#comments", "https://news.example/a"),
    ("https://news.example/a/", "https://news.example/a"),
    ("https://news.example/a/./b/../c", "https://news.example/a/c"),
    ("https://news.example/../../a", "https://news.example/a"),
    ("https://news.example/a%2eb%7E%c3%a9", "https://news.example/a.b~%C3%A9"),
    ("https://news.example/é", "https://news.example/%C3%A9"),
    ("https://news.example/100%", "https://news.example/100%25"),
    ("https://news.example/a b", "https://news.example/a%20b"),
    (" https://news.example/a\n", "https://news.example/a"),
    ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ("https://user:pw@news.example/a", "https://news.example/a"),
    ("https://news.example@other.example/a", "https://other.example/a"),
    ("https://[2606:4700:0:0::1111]/a", "https://[2606:4700::1111]/a"),
    ("http://１９２.0.2.1/", "http://192.0.2.1/"),
    ("https://news.example/a?utm_source=x&id=7&fbclid=1", "https://news.example/a?id=7"),
    ("https://news.example/a?b=2&a=1", "https://news.example/a?b=2&a=1"),
    ("https://news.example/a?id=7&amp;utm_medium=rss", "https://news.example/a?id=7"),
    ("https://news.example/a?at_medium=RSS&at_campaign=KARANGA", "https://news.example/a"),
    ("https://news.example/a?ocid=x&cmpid=y&guccounter=1", "https://news.example/a"),
    ("https://news.example/a?mc_cid=1&ref_src=twsrc&gclid=2&", "https://news.example/a"),
    ("https://news.example/a?source=rss", "https://news.example/a"),
    ("https://news.example/a;jsessionid=0F?id=1", "https://news.example/a?id=1"),
]

DIFFERENT = [
    ("https://news.example/story?eid=50633323", "https://news.example/story?eid=50682075"),
    ("https://news.example/mnews.asp?pk_no=1", "https://news.example/mnews.asp?pk_no=2"),
    ("https://news.example/a?cid=714e", "https://news.example/a?cid=e2da"),
    ("https://news.example/a?gid=1", "https://news.example/a?gid=2"),
    ("https://news.example/a?source=rss", "https://news.example/a?source=reuters"),
    ("https://news.example/a%2Fb", "https://news.example/a/b"),
    ("https://news.example/A", "https://news.example/a"),
    ("https://news.example/a", "https://www.news.example/a"),
]

HOSTILE = [
    "", "news.example/a", "//news.example/a", "ftp://news.example/", "file:///etc/passwd",
    "javascript:alert(1)", "data:text/html,hello", "https://", "https:///a", "https://@/",
    "https://news.example\\@other.example/", "https://news.example/a\\b", "https://a\x00b/",
    "https://news.example/a\nb", "https://news.example:99999/", "https://news.example:0/",
    "https://news.example:x/", "https://[::1/", "https://[fe80::1%25eth0]/", "https://[1]/",
    "https://a..b/", "https://-a.example/", "https://a b.example/", "https://%31.example/",
    "http://2130706433/", "http://0x7f.1/", "http://0x7f000001/", "http://0177.0.0.1/",
    "http://127.1/", "http://256.1.1.1/", "http://1.2.3.4.5/", "https://\ud800.example/",
    "https://news.example/\ud800", "https://news.example/" + "a" * 10_000,
    "https://news.example/" + "é" * 1_000, "https://" + "a." * 2_000, "https://" + "é" * 500,
]  # fmt: skip


@pytest.mark.parametrize(("given", "wanted"), SAME)
def test_one_spelling(given: str, wanted: str) -> None:
    """A URL has one spelling, without what does not tell the article."""
    assert normalise(given) == wanted
    assert article_id(given) == article_id(wanted)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_distinct(one: str, other: str) -> None:
    """Two articles never become one."""
    assert article_id(one) != article_id(other)


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile(url: str) -> None:
    """What is no plain web URL raises ValueError, and nothing else."""
    for function in (normalise, clean, host, origin, port, article_id):
        with pytest.raises(ValueError):
            function(url)
    assert not is_http(url)


def test_asked_as_given() -> None:
    """A URL is asked for with its parameters and slash; only identity drops them."""
    url = "https://news.example/a/?utm_source=x&id=7"
    assert clean(url + "#top") == url


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Any text whatever gives a URL or ValueError."""
    for url in (
        text,
        f"http://{text}/",
        f"https://news.example/{text}",
        f"https://a.example/?{text}",
    ):
        _stable(url)


PIECES = st.sampled_from(
    ["/", "//", ".", "..", "%2e", "%2F", "%", "%25", "41", ";jsessionid=1", "&", "&amp;", "amp;",
     "utm_a=1", "?", "#", "=", "a", "é", "\u202e", " ", "+", "|", "id=1", "source=rss", "@", ":"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=20))
def test_idempotent(pieces: list[str]) -> None:
    """Normalising twice changes nothing more, however the pieces lie."""
    _stable("https://News.example/" + "".join(pieces))
    _stable("https://News.example" + "".join(pieces))


def _stable(url: str) -> None:
    try:
        once = normalise(url)
    except ValueError:
        return
    assert normalise(once) == once
    assert len(once) <= limits.URL_CHARS
    assert once.isascii()
    assert article_id(clean(url)) == article_id(url)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("www.bbc.co.uk", "bbc.co.uk"),
        ("news.example.com", "example.com"),
        ("one.blogspot.com", "one.blogspot.com"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_registrable(name: str, wanted: str) -> None:
    """The domain a publisher registers follows the public suffix list, private part included."""
    assert registrable(name) == wanted
