# ruff: noqa: N818 - what went wrong is named, not that it is an error: the tree says so
"""
What can go wrong between us and the API server, as one tree; `connection` raises nothing else.

    ApiError
      Unauthorized    401, or no usable credentials
      Forbidden       403
      NotFound        404
      Conflict        409
      Gone            410: the version is too old
      Refused         400, 413, 422 and other 4xx: the request itself is at fault
      Throttled       429, or 503 with Retry-After: `after` seconds
      ServerFailed    5xx
        VersionTooLarge   the server has not seen that version (yet)
      Unreachable     refused connections, timeouts, cut streams
      Garbled         an answer that is not what was asked for
        TooLarge          ... because it is longer than we hold
It must not know the HTTP library: only statuses and the server's `Status` objects.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

MESSAGE_LIMIT: Final = 1000


class ApiError(Exception):
    """A request that did not bring its answer. The text may quote the server: for logs, not for a status."""


class Unauthorized(ApiError):
    pass


class Forbidden(ApiError):
    pass


class NotFound(ApiError):
    pass


class Conflict(ApiError):
    pass


class Gone(ApiError):
    pass


class Refused(ApiError):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Throttled(ApiError):
    def __init__(self, after: float | None, message: str = "too many requests") -> None:
        super().__init__(message)
        self.after = after


class ServerFailed(ApiError):
    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class VersionTooLarge(ServerFailed):
    pass


class Unreachable(ApiError):
    pass


class Garbled(ApiError):
    pass


class TooLarge(Garbled):
    pass


class _Cause(msgspec.Struct):
    reason: str | None = None


class _Details(msgspec.Struct, rename="camel"):
    causes: list[_Cause] | None = None
    retry_after_seconds: float | None = None


class Status(msgspec.Struct):
    """The API server's `Status` object, as far as it decides what went wrong."""

    code: int | None = None
    message: str | None = None
    reason: str | None = None
    details: _Details | None = None

    @classmethod
    def read(cls, body: bytes) -> "Status":
        """What a proxy sends instead is a Status without content."""
        try:
            return msgspec.json.decode(body, type=cls)
        except (msgspec.DecodeError, RecursionError):
            return cls()


_BY_CODE: Final[Mapping[int, type[Unauthorized | Forbidden | NotFound | Conflict | Gone]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
}


def failure(code: int, status: Status, retry_after: str | None = None) -> ApiError:
    """The error that an HTTP status, or an ERROR frame of a watch, stands for."""
    details = status.details or _Details()
    message = (status.message or "")[:MESSAGE_LIMIT]
    after = _seconds(retry_after)
    if after is None:
        after = details.retry_after_seconds
    if code in _BY_CODE:
        return _BY_CODE[code](message or str(code))
    if status.reason in {"Expired", "Gone"}:
        return Gone(message)
    if any(cause.reason == "ResourceVersionTooLarge" for cause in details.causes or ()):
        return VersionTooLarge(code, message)
    if code == 429 or (code == 503 and retry_after is not None):
        return Throttled(after, message or "too many requests")
    if code >= 500:
        return ServerFailed(code, message)
    return Refused(code, message)


def _seconds(header: str | None) -> float | None:
    """Retry-After as a number; a date, which API servers do not send, is not followed."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
