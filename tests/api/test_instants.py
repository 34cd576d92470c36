"""Instants: RFC 3339 with a zone, written as UTC with Z."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from readiness.api.v1alpha1 import instants

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-12-01T12:00:00Z", "2026-12-01T14:00:00+02:00", "2026-12-01T12:00:00.000000001Z"]
)
def test_reads_any_zone_as_utc(text: str) -> None:
    assert instants.parse(text) == NOON
    assert instants.parse(text).tzinfo == UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-12-01",
        "2026-12-01T12:00:00",
        "2026-12-01 12:00:00Z",
        "2026-12-01T12:00:00z",
        "1764590400",
        "٢٠٢٦-12-01T12:00:00Z",
    ],
)
def test_refuses_what_is_no_rfc_3339(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        instants.parse(text)


@pytest.mark.parametrize(
    "text", ["2026-02-30T00:00:00Z", "2026-12-01T23:59:60Z", "0001-01-01T00:00:00+23:00", "0000-01-01T00:00:00Z"]
)
def test_refuses_days_of_no_calendar(text: str) -> None:
    with pytest.raises(ValueError, match="calendar"):
        instants.parse(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOON.astimezone(timezone(timedelta(hours=2))), "2026-12-01T12:00:00Z"),
        (NOON.replace(microsecond=999_999), "2026-12-01T12:00:00Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
)
def test_writes_fixed_width(value: datetime, expected: str) -> None:
    assert instants.text(value) == expected


def test_a_time_without_a_zone_is_no_instant() -> None:
    field = TypeAdapter[datetime](instants.Instant)
    assert field.validate_python(NOON) == NOON
    with pytest.raises(ValidationError, match="not a time"):
        field.validate_python(NOON.replace(tzinfo=None))
