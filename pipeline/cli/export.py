"""``tocsin export``: the index as data."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline import app
from pipeline.cli import search, show
from pipeline.cli.command import Command
from pipeline.config import Settings
from pipeline.logs import printable

Document = Mapping[str, Any]

COLUMNS = {
    "story": (
        "id", "url", "source", "publisher", "title", "language", "published", "first_seen",
        "revision", "copy_of", "relevance", "types", "countries", "places",
    ),
    "incident": (
        "id", "type", "subtype", "start", "end", "place", "country", "reports", "independent",
    ),
}  # fmt: skip


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--format", choices=("jsonl", "csv", "geojson"), default="jsonl")
    search.filters(parser)


def _run(args: Namespace, settings: Settings) -> int:
    index = app.open_index(settings)
    try:
        documents = index.search(search.query(args, text=None, limit=None))
        if args.format == "jsonl":
            show.lines(documents)
        elif args.format == "csv":
            _csv(documents, args.kind)
        else:
            _geojson(documents, args.kind)
    finally:
        index.close()
    return 0


def _csv(documents: Iterable[Document], kind: str) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS[kind], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for document in documents:
        row = {**document, **(_story_cells(document) if kind == "story" else _cells(document))}
        writer.writerow({name: _safe(value) for name, value in row.items()})


def _story_cells(story: Document) -> dict[str, Any]:
    places = story["mentions"]["places"]
    return {
        "published": story["published"].get("time"),
        "relevance": story["relevance"]["score"],
        "types": "; ".join(dict.fromkeys(event["type"] for event in story["events"])),
        "countries": "; ".join(dict.fromkeys(p["country"] for p in places if p["country"])),
        "places": "; ".join(p["canonical"] or p["name"] for p in places),
    }


def _cells(incident: Document) -> dict[str, Any]:
    place = incident.get("place") or {}
    return {"place": place.get("canonical") or place.get("name")}


def _safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV injection"), nor a terminal."""
    if not isinstance(value, str):
        return value
    formula = value.lstrip()[:1] in ("=", "+", "-", "@")
    return ("'" if formula else "") + printable(value)


def _geojson(documents: Iterable[Document], kind: str) -> None:
    """A point for each place that has coordinates, written one by one."""
    sys.stdout.write('{"type": "FeatureCollection", "features": [')
    comma = ""
    for document in documents:
        for feature in _features(document, kind):
            sys.stdout.write(comma + "\n" + show.dumped(feature))
            comma = ","
    sys.stdout.write("\n]}\n")


def _features(document: Document, kind: str) -> Iterable[dict[str, Any]]:
    if kind == "incident":
        places = [document["place"]] if document.get("place") else []
        about = {name: document.get(name) for name in COLUMNS[kind] if name != "place"}
    else:
        places = document["mentions"]["places"]
        names = ("id", "url", "source", "title", "language", "first_seen")
        about = {name: document.get(name) for name in names}
        about["published"] = document["published"].get("time")
    for place in places:
        if place.get("lat") is not None:
            point = {"type": "Point", "coordinates": [place["lon"], place["lat"]]}
            name = place["canonical"] or place["name"]
            properties = {**about, "place": name, "precision": place["precision"]}
            yield {"type": "Feature", "geometry": point, "properties": properties}


COMMAND = Command(
    name="export",
    help="the index as JSON Lines, CSV or GeoJSON",
    example="tocsin export > stories.jsonl\n"
    "tocsin export --format geojson --from 2026-02-01 --country AF > afghanistan.geojson",
    arguments=_arguments,
    run=_run,
)
