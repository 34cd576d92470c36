"""What others write into an ExternalSecret is read as they meant it, or not at all."""

from datetime import timedelta

import msgspec
import pytest

from readiness.collectors.projections import BY_RESOURCE
from readiness.collectors.projections.secrets import go_duration
from readiness.evidence.resources import EXTERNAL_SECRETS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", timedelta()),
        ("0s", timedelta()),
        ("1h0m0s", timedelta(hours=1)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        (".5s", timedelta(milliseconds=500)),
        ("1.s", timedelta(seconds=1)),
        ("+15s", timedelta(seconds=15)),
        ("-1h", timedelta(hours=-1)),
        ("250ms1000us1000µs1000000ns", timedelta(milliseconds=253)),
        ("2562047h", timedelta(hours=2562047)),
    ],
)
def test_as_go_reads_it(text: str, expected: timedelta) -> None:
    assert go_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1", "h", "1d", "1 h", "1h ", "soon", "--1h", "99999999999h", "9" * 63 + "h", "1h" * 40, "٣h"]
)
def test_what_go_refuses_does_not_decode(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        go_duration(text)


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00", "now"]
)
def test_a_time_that_cannot_be_compared_does_not_decode(time: str) -> None:
    raw = {"metadata": {"name": "db"}, "spec": {}, "status": {"refreshTime": time}}
    with pytest.raises(msgspec.ValidationError):
        BY_RESOURCE[EXTERNAL_SECRETS].decode(msgspec.json.encode(raw))
