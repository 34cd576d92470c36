"""
Instants as RFC 3339 text. pydantic would also take numbers, dates without a time and times without a zone, which the API
server refuses; and it would write offsets and fractions, which tools that compare validUntil as text cannot read.
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from readiness.api.v1alpha1.problems import parsed

PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_WHOLE = re.compile(PATTERN)


def parse(text: str) -> datetime:
    """In UTC; ValueError for anything but RFC 3339 with a zone, and for days that no calendar has."""
    if not text.isascii() or not _WHOLE.fullmatch(text):
        raise ValueError("not a time such as 2026-12-01T00:00:00Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("not an instant of any calendar") from None


def text(value: datetime) -> str:
    """Exactly UTC, whole seconds, Z: fixed width, so that it compares as text."""
    return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _read(value: object) -> object:
    dated = isinstance(value, datetime) and value.tzinfo is not None
    return value if dated else parsed(parse, value, "2026-12-01T00:00:00Z, with the zone")


Instant = Annotated[
    datetime,
    BeforeValidator(_read),
    PlainSerializer(text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": PATTERN, "maxLength": 35}),
]
