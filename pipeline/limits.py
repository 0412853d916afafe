"""Every limit on bytes, depth, time and memory, with its reason."""

from __future__ import annotations

MB = 1_000_000

# -- what comes from outside
HEADER_BYTES = 32_000  # per header line and in all 64 lines of it; news sites send under 8 KB
WIRE_BYTES = 5 * MB  # a compressed body as received; the largest news page of 181 measured: 1.3 MB
PAGE_BYTES = 5 * MB  # after decompression; trafilatura needs 90 s for 50 MB (LIMITS.md, section 3)
FEED_BYTES = 5 * MB  # feedparser is quadratic on hostile input; 1 MB is 400 entries
REDIRECTS = 5  # RFC 9110 asks only for a limit; browsers take 20, news sites need 3
FETCH_SECONDS = 30.0  # the whole of one request, redirects included
CONNECT_SECONDS = 10.0  # one connection, TLS included
ROBOTS_BYTES = 500_000  # RFC 9309 section 2.5: at least 500 KiB must be read
HOST_WAIT_SECONDS = 30.0  # a host that may not be asked within this sends its items to wait

# -- work that may hang
EXTRACT_SECONDS = 5.0  # p99 of 181 real pages: 0.06 s; hostile ones take minutes
FEED_SECONDS = 10.0  # feedparser's worst hostile feed under FEED_BYTES took 12 s
ENRICH_SECONDS = 20.0  # one story; a long one takes 1 s
ENRICH_BYTES = 6_000 * MB  # address space, not memory: maps of models; resident it is under 1 GB
CHILD_BYTES = 1_500 * MB  # address space of a working child; hostile pages reach 1 GB

# -- what goes on the bus and into the index
ENCODED_PAGE_BYTES = 2 * MB  # zstd + base64 of a page of 5 MB is under 1 MB; else not a page
MESSAGE_BYTES = 4 * MB  # largest record on the bus
BODY_CHARS = 200_000  # of text kept of one article; the longest reportage has 100,000
TITLE_CHARS = 1_000  # a title longer than that is a body in the wrong place
KEYWORD_BYTES = 8_000  # Elasticsearch refuses keywords over 32,766 bytes

# -- what is remembered
KEY_DAYS = 90  # an entry is known while its source lists it and this long after
SOURCE_KEYS = 40_000  # entries known of one source: 45 bytes each, and they must fit on the bus
STORY_DAYS = 90  # a story's revisions and copies are told this long after it was last seen
POLL_BYTES = 64 * MB  # of all answers of one poll; a folder's other files come next time
POLL_REQUESTS = 1_000  # of one poll: sub-sitemaps, files of a folder; the rest comes next time
BACKOFF_SECONDS = 86_400.0  # the longest a failing source waits; it is never given up

# -- the polite fetcher
URL_CHARS = 4_000  # browsers and servers agree on about 8,000 bytes; news URLs end at 500
HEADER_LINES = 64  # news sites send under 40
CODINGS = 2  # gzip over gzip is seen, more is a joke
CONNECTIONS = 32  # at once to all hosts: 32 x (WIRE_BYTES + PAGE_BYTES) is 320 MB at worst
CRAWL_DELAY_SECONDS = 60.0  # a larger Crawl-delay counts as this; above it are only errors
RETRY_AFTER_SECONDS = 86_400.0  # a host that asks for more is asked again after a day
BUSY_SECONDS = 60.0  # how long a host rests after a 429 that names no time
ROBOTS_LIFE_SECONDS = 86_400.0  # RFC 9309 section 2.4: not longer than 24 hours
ROBOTS_FAULT_SECONDS = 120.0  # before an unreachable robots.txt is asked for again
ROBOTS_CACHE_BYTES = 4 * MB  # of robots.txt text; parsed it takes up to 27 times as much
HOSTS = 10_000  # hosts whose pace is remembered
FULL_TEXT_CHARS = 1_500  # of text in a feed's body: an article, not a teaser
FEED_TEXT_SECONDS = 600.0  # a page that its host allows within this is waited for

# -- the index
KEYWORD_CHARS = KEYWORD_BYTES // 4  # UTF-8 takes at most 4 bytes; longer values cannot be filtered
ID_BYTES = 512  # Elasticsearch refuses a longer _id
QUERY_CHARS = 1_000  # of a query's text; the rest is not read
QUERY_TERMS = 50  # words and phrases of a query; 12 fields each stay under 1,024 clauses
BULK_BYTES = 5 * MB  # of one bulk request; larger ones are no faster, and servers refuse 100 MB
BULK_DOCUMENTS = 500  # of one bulk request
BULK_SECONDS = 60.0  # one bulk request; a busy server answers 429 long before
SEARCH_SECONDS = 30.0  # one search request
FATE_DAYS = 30  # fates are kept in the index as long as on the bus

# -- enrichment
ENTITY_CHARS = 6_000  # of a body that spaCy reads: 1,000 words, 0.06 s (LIMITS.md, section 5)
PLACE_CHARS = 20_000  # of a body read for places where there is no spaCy; 10 times as fast
PLACE_MENTIONS = 400  # per story; a list of towns has more and tells no more
