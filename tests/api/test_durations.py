"""Durations: Go's text, its bounds, and one way to write each."""

from datetime import timedelta
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from readiness.api.v1alpha1 import durations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        ("26h", timedelta(hours=26)),
        ("1h30m", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("0s", timedelta(0)),
        ("1h1h", timedelta(hours=2)),
        ("2562047h", timedelta(hours=2562047)),
    ],
)
def test_reads_what_go_reads(text: str, expected: timedelta) -> None:
    assert durations.parse(text) == expected


@pytest.mark.parametrize("text", ["", "1", "h", "1d", "-1h", "1.5h", "1h ", "1h\n", "١h", "1H", "0000000000000001h"])
def test_refuses_what_the_schema_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        durations.parse(text)


def test_refuses_more_than_go_can_hold() -> None:
    with pytest.raises(ValueError, match="292 years"):
        durations.parse("2562048h")


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [("60m", "1h"), ("90s", "1m30s"), ("26h", "26h"), ("1500ms", "1s500ms"), ("0m", "0s")],
)
def test_equal_durations_are_written_alike(given_text: str, expected: str) -> None:
    assert durations.text(durations.parse(given_text)) == expected


@given(st.integers(min_value=0, max_value=9 * 10**9))
def test_what_is_written_reads_back(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert durations.parse(durations.text(value)) == value


def test_bounds_are_included_and_stated() -> None:
    bounded = TypeAdapter[timedelta](Annotated[durations.Duration, durations.Between("5m", "24h")])
    assert bounded.validate_python("5m") == timedelta(minutes=5)
    assert bounded.validate_python(timedelta(hours=24)) == timedelta(hours=24)
    for outside in ("299s", "24h1ms"):
        with pytest.raises(ValidationError, match="must be from 5m to 24h"):
            bounded.validate_python(outside)
    assert bounded.json_schema()["x-kubernetes-validations"] == [
        {
            "rule": "duration(self) >= duration('5m') && duration(self) <= duration('24h')",
            "message": "must be from 5m to 24h",
        }
    ]
