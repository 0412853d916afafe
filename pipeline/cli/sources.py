"""``tocsin sources``: list, check, preview, import and export."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from pipeline import app
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.config import ConfigError, Settings
from pipeline.extraction.dates import parse_stamp
from pipeline.opml import export_opml, import_opml
from pipeline.probing import Probe
from pipeline.sources import Source, to_toml


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(_ACTIONS))
    parser.add_argument(
        "name", nargs="*", metavar="NAME|FILE", help="sources by name; import: the OPML file"
    )
    parser.add_argument("--format", choices=("toml", "opml"), default="opml", help="export as")
    parser.add_argument("--limit", type=int, default=10, help="preview: at most so many (10)")
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    return _ACTIONS[args.action](args, settings)


def _chosen(args: Namespace, settings: Settings) -> Sequence[Source]:
    """The sources named, all of them when none is.

    Raises:
        ConfigError: a name that no source has.
    """
    loaded = app.sources(settings)
    for problem in loaded.problems:
        show.note(f"source left out: {problem}")
    by_name = {source.name: source for source in loaded.sources}
    for name in args.name:
        if name not in by_name:
            raise ConfigError(f"no source is named {name!r}; tocsin sources list names them")
    return [by_name[name] for name in args.name] or loaded.sources


def _list(args: Namespace, settings: Settings) -> int:
    rows = [
        {
            "name": source.name,
            "kind": source.kind,
            "url": source.url,
            "interval": source.interval,
            "country": source.country,
            "language": source.language,
            "group": source.group,
            "enabled": source.enabled,
        }
        for source in _chosen(args, settings)
    ]
    if args.json:
        show.lines(rows)
    else:
        show.table(rows, ("name", "kind", "language", "country", "group", "url"))
    return 0


def _check(args: Namespace, settings: Settings) -> int:
    progress = show.Progress()
    worst = 0
    probes = app.probes(settings, _chosen(args, settings))
    for number, probe in enumerate(probes, 1):
        progress.end()
        _print_check(probe, json=args.json)
        worst = max(worst, int(probe.problem is not None))
        progress.show(f"{number} checked")
    progress.end()
    return worst


def _print_check(probe: Probe, *, json: bool) -> None:
    row = {
        "source": probe.source,
        "verdict": probe.verdict,
        "items": len(probe.items),
        "rejects": len(probe.rejects),
        "newest": _newest(probe),
        "problem": probe.problem,
        "advice": probe.advice,
        "url": probe.url,
    }
    if json:
        show.lines([row])
        return
    counts = f"{row['items']} items" + (f", {row['rejects']} unreadable" if probe.rejects else "")
    show.say(f"{probe.verdict:7} {probe.source}: {probe.problem or counts}")
    if probe.advice:
        show.say(f"        {probe.advice}")


def _newest(probe: Probe) -> str | None:
    """The latest date of an entry, as RFC 3339; None where none can be read."""
    stamps = [parse_stamp(item.published, "feed") for item in probe.items]
    times = [stamp.time for stamp in stamps if stamp and stamp.time]
    return f"{max(times):%Y-%m-%dT%H:%M:%SZ}" if times else None


def _preview(args: Namespace, settings: Settings) -> int:
    code = 0
    for probe in app.probes(settings, _chosen(args, settings)):
        for item in probe.items[: args.limit]:
            row = {
                "source": item.source,
                "key": item.key,
                "published": item.published,
                "title": item.title,
                "url": item.url,
            }
            if args.json:
                show.lines([row])
            else:
                title = f"{item.published or 'no date'}  {item.title}"
                show.say(title, f"    {item.url or item.key}")
        for reject in probe.rejects:
            show.note(f"{probe.source}: an entry cannot be read: {reject.reason}")
        if probe.problem:
            show.note(f"{probe.source}: {probe.problem}")
            code = 1
    return code


def _import(args: Namespace, settings: Settings) -> int:
    """The sources of OPML files as TOML on stdout, for a file of ``[sources] files``."""
    if not args.name:
        raise ConfigError("sources import: name the OPML file")
    found: list[Source] = []
    for name in args.name:
        try:
            found += import_opml(Path(name).read_bytes(), name)
        except OSError as error:
            raise ConfigError(f"{name}: cannot be read: {error}") from error
    show.note(f"{len(found)} sources; put them in a file that [sources] files names")
    sys.stdout.write(to_toml(found))
    return 0 if found else 1


def _export(args: Namespace, settings: Settings) -> int:
    chosen = _chosen(args, settings)
    if args.format == "toml":
        sys.stdout.write(to_toml(chosen))
    else:
        sys.stdout.write(export_opml(chosen).decode("utf-8"))
    return 0


_ACTIONS = {
    "list": _list,
    "check": _check,
    "preview": _preview,
    "import": _import,
    "export": _export,
}

COMMAND = Command(
    name="sources",
    help="list, check, preview, import and export sources",
    example="tocsin sources list\ntocsin sources check un-news\n"
    "tocsin sources preview un-news --limit 3\n"
    "tocsin sources import feeds.opml > sources/mine.toml\n"
    "tocsin sources export --format opml > feeds.opml",
    arguments=_arguments,
    run=_run,
)
