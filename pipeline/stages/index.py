"""What is stored and what became of items -> documents of the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pipeline import codec
from pipeline.errors import Retry
from pipeline.events import Fate, Incident, Story
from pipeline.index import Document, Index
from pipeline.stages import Done, Result, Stage


def make(index: Index, now: Callable[[], datetime]) -> Stage:
    """The stage that writes to this index; ``now`` stands in each document's ``indexed``."""

    def stage(records: Sequence[Story | Incident | Fate]) -> Sequence[Result]:
        documents = [documents_of(record, now()) for record in records]
        answers = iter(index.put([document for group in documents for document in group]))
        return [
            _result(record, [next(answers) for _ in group])
            for record, group in zip(records, documents, strict=True)
        ]

    return stage


def documents_of(record: Story | Incident | Fate, now: datetime) -> list[Document]:
    """The documents that a record asks for."""
    body = codec.stripped(record)
    match record:
        case Story():
            body["indexed"] = _written(now)
            return [Document("story", record.id, record.version, _month(record.first_seen), body)]
        case Incident():
            month = _month(record.first_seen)
            return [Document("incident", record.id, record.version, month, body)]
        case Fate():
            return _fate_documents(record, body)


def _fate_documents(fate: Fate, body: dict[str, Any]) -> list[Document]:
    """The step, kept for 30 days, and where the item stands if the step changed that.

    An item is accounted once for each day on which a poll showed it new or changed.
    """
    version, month = int(fate.time.timestamp() * 1_000_000), fate.day[:7].replace("-", ".")
    step = f"{fate.id}/{fate.poll}/{fate.stage}/{fate.attempt}"
    documents = [Document("fate", step, version, month, body)]
    if fate.state is not None or fate.kind == "poll":
        documents.append(Document("item", f"{fate.id}/{fate.day}", version, month, body))
    return documents


def _result(record: Story | Incident | Fate, answers: Sequence[str | Exception]) -> Result:
    """One answer for the record; a Retry stops the batch: the index, not the record, is at fault.

    Raises:
        Retry: the index cannot take it now.
    """
    for answer in answers:
        if isinstance(answer, Retry):
            raise answer
        if isinstance(answer, Exception):
            return answer
    story = record.id if isinstance(record, Story) else None
    return Done(outcome=str(answers[0]), state="stored", story=story)


def _month(time: datetime) -> str:
    return f"{time:%Y.%m}"


def _written(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
