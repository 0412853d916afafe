"""The texts that relevance is trained and measured on, each with its source, language and label.

Our own cases stand in ``benchmarks/data``; the corpora of others are read from ``../shared/data``
and nothing of them is kept.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OWN = Path(__file__).with_name("data")
CORPORA = Path(__file__).parents[2] / "shared" / "data"
TEMPLATE = re.compile(r"^0\.\s+MESSAGE: ID\s+(\S+).*\r?\n1\.\s+MESSAGE: TEMPLATE\s+(\S+)", re.M)
LANGUAGES = {"Hebrew": "he", "Hindi": "hi", "English": "en", "Arabic": "ar", "French": "fr"}


@dataclass(frozen=True, slots=True)
class Example:
    """One text; ``label`` is None where the corpus does not say."""

    source: str
    language: str
    label: bool | None
    title: str
    text: str
    kind: str = ""

    @property
    def digest(self) -> str:
        """SHA-1 of the text."""
        return hashlib.sha1(f"{self.title}{self.text}".encode()).hexdigest()

    @property
    def held(self) -> bool:
        """Whether it is in the third that is never trained on."""
        return int(self.digest, 16) % 3 == 0


def cases() -> Iterator[Example]:
    """Our own short cases, in 13 languages, hard ones among them."""
    with (OWN / "relevance_cases.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            label = row["label"] == "1"
            yield Example("cases", row["lang"], label, row["title"], row["text"], row["kind"])


def corpora() -> Iterator[Example]:
    """Every labelled corpus.

    Raises:
        FileNotFoundError: the corpora are not there.
    """
    if not CORPORA.is_dir():
        raise FileNotFoundError("the labelled corpora are not in ../shared/data")
    yield from _muc4()
    yield from _violence()
    yield from _india()
    yield from _fignews()
    yield from _business()
    yield from _bbc()
    yield from _agnews()


def _muc4() -> Iterator[Example]:
    for part in ("dev", "tst1", "tst2"):
        folder = CORPORA / "muc4" / part
        filled: dict[str, bool] = {}
        for path in sorted(folder.glob("key-*")):
            found = TEMPLATE.findall(path.read_text(encoding="latin-1"))
            for name, template in found:
                filled[name] = filled.get(name, False) or template != "*"
        for path in sorted(folder.glob(f"{part}-muc*")):
            text = "\n" + path.read_text(encoding="latin-1")
            for report in re.split(r"\n\s*(?=(?:DEV|TST\d)-MUC\d-\d{4})", text)[1:]:
                name, _, body = report.partition("\n")
                name = name.split()[0]
                body = re.sub(r"^.{0,200}?-- ", "", body.strip(), count=1, flags=re.S)
                body = re.sub(r"\[[A-Z ]+\]", " ", body)
                yield Example("muc4", "en", filled.get(name), "", body)


def _violence() -> Iterator[Example]:
    for part in ("train", "dev"):
        for line in _lines(CORPORA / "satp_relevant" / f"{part}.tsv"):
            yield Example("satp", "en", True, "", line.split("\t")[0])
    for line in _lines(CORPORA / "isafpr" / "isaf-first-362.jsonl"):
        text = json.loads(line)["conversations"][1]["value"].partition(":")[2]
        yield Example("isaf", "en", True, "", re.sub(r"^\s*[\d\-A-Z]+\s*\n", "", text))
    for line in _lines(CORPORA / "cameo_class" / "train.tsv"):
        text, _, label = line.rpartition("\t")
        # Class 4 is material conflict; the others (statements, diplomacy) may or may not be.
        yield Example("cameo", "en", True if label == "4" else None, "", text, label)


def _india() -> Iterator[Example]:
    for part in ("train", "dev"):
        for line in _lines(CORPORA / "indiapolice" / f"docs-{part}.tsv"):
            text, *flags = line.rsplit("\t", 5)
            kill, _, _, fail, force = (flag == "1" for flag in flags)
            text = re.sub(r"^This story is from \w+ \d+, \d+", "", text)
            yield Example("india", "en", True if kill or fail or force else None, "", text)


def _fignews() -> Iterator[Example]:
    path = CORPORA / "fignews" / "FIGNEWS-2024-TEXT-IAA.tsv"
    texts = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            texts[row["Text"]] = LANGUAGES[row["Source Language"]]
    for text, language in texts.items():
        yield Example("fignews", language, True, "", text)


def _business() -> Iterator[Example]:
    for path in (CORPORA / "clustering").glob("gedikli-*article_texts.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield Example("energy", "en", False, row["title"], row["text"])


def _bbc() -> Iterator[Example]:
    for part in ("train", "dev", "test"):
        for line in _lines(CORPORA / "bbc_news" / f"{part}.tsv"):
            text, _, politics = line.rpartition("\t")
            section = "politics" if politics == "1" else "sport business tech arts"
            yield Example("bbc", "en", False, "", text, section)


def _agnews() -> Iterator[Example]:
    names = ("World", "Sports", "Business", "Sci/Tech")
    read = dict(line.split("\t") for line in _lines(OWN / "relevance_agworld.tsv"))
    with (CORPORA / "agnews" / "background-2000.csv").open(encoding="utf-8", newline="") as lines:
        for number, title, text in csv.reader(lines):
            label = {"1": True, "0": False}.get(
                read.get(hashlib.sha1((title + text).encode()).hexdigest(), "")
            )
            kind = names[int(number) - 1]
            yield Example("ag", "en", label if kind == "World" else False, title, text, kind)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield line.rstrip("\r\n")
