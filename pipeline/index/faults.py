"""What the errors of Elasticsearch and of the way to it ask for."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import urlsplit

from elastic_transport import ApiResponseMeta, TlsError
from elasticsearch import (
    ApiError,
    ConnectionError,
    ConnectionTimeout,
    TransportError,
    UnsupportedProductError,
)

from pipeline.errors import Fatal, Reject, Retry, TocsinError

_LATER = {408, 425, 429, 500, 502, 503, 504}
_REASON_CHARS = 500  # servers quote the document in their reasons
# Not the document's fault although the answer is 400: the cluster has its full number of shards.
_CLUSTER_FULL = "validation_exception"


def shown(url: str) -> str:
    """The URL without user and password, for messages."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def fault(error: Exception, server: str) -> TocsinError:
    """Retry, Reject or Fatal for an error of a whole request; ``server`` is for the message."""
    if isinstance(error, UnsupportedProductError):
        return Fatal(f"{server} is not Elasticsearch 9 (OpenSearch is not supported)")
    if isinstance(error, TlsError):
        return Fatal(f"{server} has no certificate we trust; set index.ca_certs to its authority's")
    if isinstance(error, ConnectionTimeout):
        return Retry(f"{server} did not answer in time")
    if isinstance(error, ConnectionError):
        return Retry(f"cannot reach {server}")
    if isinstance(error, ApiError):
        return _refusal(error, server)
    return Retry(f"{server} answered something unreadable ({type(error).__name__})")


def _refusal(error: ApiError, server: str) -> TocsinError:
    status, kind, reason = error.status_code, *_told(error.body)
    if status in (401, 403) and kind != "cluster_block_exception":
        return Fatal(
            f"{server} refuses our credentials ({status}): check index.user, index.password or"
            " index.api_key and the rights of that user"
        )
    if status in _LATER or kind == "cluster_block_exception":
        return Retry(f"{server} cannot now ({status}): {reason}", after=_after(error.meta))
    if kind == "media_type_header_exception":
        return Fatal(f"{server} is older than Elasticsearch 9: upgrade it")
    if status in (400, 413):
        return Reject(f"{server} refuses this ({status}): {reason}")
    return Fatal(f"{server} answered {status} ({reason}): is this URL Elasticsearch 9?")


def _told(body: Any) -> tuple[str, str]:
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error.get("type")), reason(error)
    return "", str(error or body)[:_REASON_CHARS]


def reason(error: dict[str, Any]) -> str:
    """What the server says was wrong, with its deepest cause, cut."""
    said = f"{error.get('type')}: {error.get('reason')}"
    cause = error.get("caused_by")
    if isinstance(cause, dict):
        said += f"; {cause.get('type')}: {cause.get('reason')}"
    return said[:_REASON_CHARS]


def _after(meta: ApiResponseMeta) -> float | None:
    try:
        return max(0.0, min(float(meta.headers.get("retry-after") or ""), 3_600.0))
    except ValueError:  # absent, or a date
        return None


def verdict(item: dict[str, Any], server: str) -> str | Exception:
    """The answer to one document of a bulk request.

    Raises:
        Fatal: our credentials do not allow writing there.
    """
    status, error = item.get("status", 500), item.get("error")
    if not isinstance(error, dict):
        return "created" if status == 201 else "updated"
    kind = error.get("type")
    if status == 409:
        return "unchanged"
    if status in (401, 403) and kind == "security_exception":
        raise Fatal(f"{server} does not let us write: check the rights of index.user")
    if status in (400, 413) and kind != _CLUSTER_FULL:
        return Reject(reason(error))
    return Retry(reason(error))


def fatal(error: TocsinError) -> NoReturn:
    """Raise it as Fatal, for what cannot wait."""
    raise error if isinstance(error, Fatal) else Fatal(str(error))


TROUBLE = (ApiError, TransportError)
"""All that the client raises."""
