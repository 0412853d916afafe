"""``tocsin trace URL|ID``: the fate of one item, stage by stage."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Any

from pipeline import app
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.config import Settings
from pipeline.index import Index, Query
from pipeline.urls import article_id, is_http


def trace(index: Index, wanted: str) -> list[dict[str, Any]]:
    """Every item with this URL, this id, or whose story this is; the newest first."""
    latest: dict[str, Mapping[str, Any]] = {}
    for match in _matches(wanted):
        for item in index.search(Query(kind="item", match=match, limit=None)):
            known = latest.get(item["id"])
            if known is None or item["time"] > known["time"]:
                latest[item["id"]] = item
    found = sorted(latest.values(), key=lambda item: str(item["time"]), reverse=True)
    return [_told(index, item) for item in found]


def _matches(wanted: str) -> list[dict[str, str]]:
    if is_http(wanted):
        return [{"kind": "item", "url": wanted}, {"kind": "item", "story": article_id(wanted)}]
    id = wanted.partition("#")[0]
    return [{"kind": "item", "id": id}, {"kind": "item", "story": id}]


def _told(index: Index, item: Mapping[str, Any]) -> dict[str, Any]:
    query = Query(kind="fate", match={"id": item["id"], "kind": "item"}, limit=None)
    steps = sorted(index.search(query), key=lambda step: str(step["time"]))
    return {
        "id": item["id"],
        "url": item.get("url"),
        "source": item["source"],
        "story": item.get("story"),
        "fate": item["state"],
        "reason": item.get("reason"),
        "steps": [
            {name: step.get(name) for name in ("stage", "time", "outcome", "detail", "attempt")}
            | ({"reason": step["reason"]} if step.get("reason") else {})
            for step in steps
        ],
    }


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", metavar="URL|ID", help="an item's or story's URL or id")
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    index = app.open_index(settings)
    try:
        found = trace(index, args.what)
    finally:
        index.close()
    if args.json:
        show.lines(found)
    elif not found:
        show.note(f"nothing is known of {args.what} (steps are kept for 30 days)")
    else:
        for item in found:
            _print(item)
    return 0 if found else 1


def _print(item: Mapping[str, Any]) -> None:
    reason = f" ({item['reason']})" if item["reason"] else ""
    show.say(f"{item['fate']}{reason}  {item['url'] or item['id']}  from {item['source']}")
    show.say(f"  item {item['id']}  story {item['story'] or '-'}")
    rows = [{**step, "detail": _why(step)} for step in item["steps"]]
    show.table(rows, ("time", "stage", "attempt", "outcome", "detail"))


def _why(step: Mapping[str, Any]) -> str | None:
    """Reason and detail, as far as they are there."""
    return ": ".join(part for part in (step.get("reason"), step.get("detail")) if part) or None


COMMAND = Command(
    name="trace",
    help="what became of one item, stage by stage",
    example="tocsin trace https://example.org/2026/02/27/strike\ntocsin trace 1e9f8aa9... --json",
    arguments=_arguments,
    run=_run,
)
