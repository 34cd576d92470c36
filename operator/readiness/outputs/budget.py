"""
Whatever an author or a stranger wrote, a status fits into 64 KiB: details go first, totals never.

Size is counted as the worst encoder would write it, since the API server's escapes more than ours.
"""

import json
from collections.abc import Callable
from typing import Final

from readiness.api.v1alpha1.status import AreaStatus, ExpectationStatus, Status
from readiness.outputs.entries import share
from readiness.outputs.text import clean

BYTES: Final = 64 * 1024
_ESCAPED: Final = 6
"""No encoder writes a byte of UTF-8 longer than this, so that most statuses need no closer look."""


def size(status: Status) -> int:
    """Bytes of JSON, every character beyond ASCII and every `<`, `>` and `&` taken as an escape."""
    written = json.dumps(status.dump(), separators=(",", ":"))
    return len(written) + 5 * sum(written.count(character) for character in "<>&")


def bounded(status: Status) -> Status:
    """As much of it as fits: fewer findings, then no runbooks, then shorter messages."""
    if _ESCAPED * len(status.model_dump_json(by_alias=True, exclude_none=True).encode()) <= BYTES:
        return status
    for step in _STEPS:
        if size(status) <= BYTES:
            break
        status = step(status)
    return status


def _fewer(limit: int) -> Callable[[Status], Status]:
    """At most so many findings in all, shared out evenly; what is left out is counted."""

    def step(status: Status) -> Status:
        shares = iter(share([len(one.findings) for area in status.areas for one in area.expectations], limit))

        def cut(one: ExpectationStatus) -> ExpectationStatus:
            kept = one.findings[: next(shares)]
            if len(kept) == len(one.findings):
                return one
            omitted = (one.findings_omitted or 0) + len(one.findings) - len(kept)
            return one.model_copy(update={"findings": kept, "findings_omitted": omitted})

        return _each(status, cut)

    return step


def _without_runbooks(status: Status) -> Status:
    return _each(status, lambda one: one.model_copy(update={"runbook": None}))


def _brief_expectations(limit: int) -> Callable[[Status], Status]:
    def brief(one: ExpectationStatus) -> ExpectationStatus:
        return one.model_copy(update={"message": clean(one.message or "", limit) or None})

    return lambda status: _each(status, brief)


def _brief_conditions(limit: int) -> Callable[[Status], Status]:
    def step(status: Status) -> Status:
        cut = tuple(one.model_copy(update={"message": clean(one.message, limit)}) for one in status.conditions)
        return status.model_copy(update={"conditions": cut})

    return step


def _each(status: Status, change: Callable[[ExpectationStatus], ExpectationStatus]) -> Status:
    def within(area: AreaStatus) -> AreaStatus:
        return area.model_copy(update={"expectations": tuple(change(one) for one in area.expectations)})

    return status.model_copy(update={"areas": tuple(within(area) for area in status.areas)})


_STEPS: Final = (
    *(_fewer(limit) for limit in (20, 10, 5, 1, 0)),
    _without_runbooks,
    *(_brief_expectations(limit) for limit in (64, 16)),
    *(_brief_conditions(limit) for limit in (128, 48)),
)
