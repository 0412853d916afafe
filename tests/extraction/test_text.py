"""What is stored is clean, whole and stable."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.text import clean, cut, lines_of

ANY = st.text(max_size=200)
HARD = st.text(alphabet="a \n\t\r\x00\u200b\u202e\u0301\u0344\xad\u2028e\u0327.", max_size=200)


@given(ANY | HARD)
def test_clean_text_is_clean(text: str) -> None:
    """Cleaning leaves NFC without invisible characters, and a second cleaning changes nothing."""
    found = clean(text)
    assert clean(found) == found
    assert unicodedata.is_normalized("NFC", found)
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in found if char != "\n")
    assert not set(found) & set("\u200b\u200e\u202e\u2066\ufeff\xad")
    assert "\n\n" not in found
    assert "  " not in found


@given(ANY, st.integers(1, 100))
def test_a_cut_is_a_beginning(text: str, size: int) -> None:
    """What is cut is a beginning of the text, not longer than allowed."""
    found = cut(text, size)
    assert len(found) <= size
    assert text.startswith(found)


def test_a_cut_falls_between_sentences() -> None:
    """The cut is after a sentence if one ends near, else after a word."""
    assert cut("One shell fell. Two shells fell. Three", 35) == "One shell fell. Two shells fell."
    assert cut("shells fell on the market place", 20) == "shells fell on the"
    assert cut("x" * 50, 20) == "x" * 20


@pytest.mark.parametrize(
    ("given_text", "lines"),
    [
        ("<p>One &amp; two<br>three</p><div>four <b>five</b></div>",
         ["One & two", "three", "four five"]),
        ("&lt;p&gt;Hello&lt;/p&gt;&lt;p&gt;World &amp;amp; co&lt;/p&gt;", ["Hello", "World & co"]),
        ("<![CDATA[<p>One</p>two]]>", ["One", "two"]),
        ("<p>One</p><script>alert('x')</script><style>p{}</style>", ["One"]),
        ("Losses of AT&amp;T &lt; 5 %", ["Losses of AT&T < 5 %"]),
        ("First line.\n\nSecond <i>line</i>.", ["First line.", "Second line."]),
        ("<ul><li>a</li><li>b</li></ul><table><tr><td>c</td><td>d</td></tr></table>",
         ["a", "b", "c", "d"]),
        ("<p>broken\nby the\neditor</p>", ["broken by the editor"]),
        ("Shells fell on the market of Arvad on Monday, killing\nfour people, the office of the"
         " district said in a\nstatement. The army denied it.\n\nA second attack was told of later"
         " in the day by\nwitnesses.\n",
         ["Shells fell on the market of Arvad on Monday, killing four people, the office of the"
          " district said in a statement. The army denied it.",
          "A second attack was told of later in the day by witnesses."]),
        ("", []),
    ],
)  # fmt: skip
def test_pieces_become_lines(given_text: str, lines: list[str]) -> None:
    """Block elements and paragraphs make lines, entities are decoded, scripts are gone."""
    assert lines_of(given_text).split("\n") == (lines or [""])


@given(ANY)
def test_plain_text_never_fails(text: str) -> None:
    """Any text is read, and what is read is clean."""
    found = lines_of(text)
    assert clean(found) == found
