"""
The certificate: when it is issued, how long it stands, when it is renewed, and when it may outlive lost evidence.

Arithmetic of instants alone. It does not know why something is met, only that it is, and until when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from readiness.api.v1alpha1.status import Status
from readiness.evidence.seen import Unseen
from readiness.expectations.finding import Outcome
from readiness.judgement.areas import AreaVerdict, Severity
from readiness.judgement.tally import earliest

SEAM: Final = timedelta(seconds=5)
"""A certificate that is replaced this soon after its end is the same unbroken one."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`Ready=True` until `valid_until`.

    `renew_at` is when an extension falls due, None where waiting brings none; `ends_at` is the very instant of its
    end, of which `valid_until` is the whole second. `held`: it stands on evidence that has been lost since.
    """

    valid_until: datetime
    certified_at: datetime
    ends_at: datetime
    renew_at: datetime | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A certificate of exactly this generation and these expectations that has not run out."""

    valid_until: datetime
    certified_at: datetime
    issued_at: datetime

    @property
    def renewal(self) -> datetime:
        return renewal(self.issued_at, self.valid_until)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a certificate is issued under; `bound` is when something that it rests on ends by itself."""

    now: datetime
    valid_for: timedelta
    bound: datetime | None
    frozen: bool  # the clock cannot be trusted: nothing is issued or extended


def whole(instant: datetime) -> datetime:
    """As it will be written; always rounded towards the past."""
    return instant.replace(microsecond=0)


def renewal(issued_at: datetime, valid_until: datetime) -> datetime:
    """A certificate is extended when a third of its issued length has passed."""
    return issued_at + (valid_until - issued_at) / 3


def is_certified(before: Status) -> bool:
    """Whether the stored status says Ready=True, whatever the time."""
    ready = before.condition("Ready")
    return ready is not None and ready.status == "True" and before.valid_until is not None


def standing(before: Status, generation: int, digest: str, now: datetime) -> Standing | None:
    """The stored certificate, if it is one for exactly what is asked now."""
    if not is_certified(before) or before.valid_until is None or before.valid_until <= now:
        return None
    if before.observed_generation != generation or before.spec_digest != digest:
        return None
    issued_at = before.last_evaluation_time or before.certified_at or now
    return Standing(before.valid_until, before.certified_at or issued_at, issued_at)


def issue(terms: Terms, stands: Standing | None, certified_at: datetime) -> Certificate | None:
    """What everything met earns; None where not even the present second can be vouched for."""
    if terms.frozen and stands is None:
        return None
    full = terms.now + terms.valid_for
    ends_at = earliest((full, terms.bound, stands.valid_until if terms.frozen and stands else None)) or full
    valid_until = whole(ends_at)
    if valid_until <= terms.now:
        return None
    renew_at = None if terms.frozen else _renew_at(terms, stands, valid_until)
    return Certificate(valid_until, certified_at, ends_at, renew_at)


def _renew_at(terms: Terms, stands: Standing | None, valid_until: datetime) -> datetime | None:
    """What is bounded by something else gains nothing by waiting."""
    bounded = terms.bound is not None and terms.bound <= terms.now + terms.valid_for
    if bounded and (stands is None or valid_until <= stands.valid_until):
        return None
    if stands is not None and stands.renewal > terms.now:
        return stands.renewal
    return None if bounded else renewal(whole(terms.now), valid_until)


def unbroken_since(before: Status, revision: str | None, *, same_images: bool, now: datetime) -> datetime:
    """The start of the run of certificates for this subject that the one issued now belongs to."""
    runs = is_certified(before) and before.valid_until is not None and before.valid_until + SEAM >= now
    known = before.subject.revision if before.subject else None
    return before.certified_at if runs and before.certified_at and same_images and known == revision else whole(now)


def hold(stands: Standing | None, gaps: Iterable[Unseen], now: datetime, hold_for: timedelta) -> Certificate | None:
    """An earlier certificate outlives lost evidence for a while: cut at the loss, and never extended.

    A source of which no contact is known was lost now: the cut is written once and then stands.
    """
    loss = min((min(gap.last_contact or now, now) for gap in gaps), default=now)
    if stands is None:
        return None
    valid_until = min(stands.valid_until, whole(loss + hold_for))
    if valid_until <= now:
        return None
    return Certificate(valid_until, stands.certified_at, valid_until, held=True)


def may_be_held(before: Status, areas: tuple[AreaVerdict, ...]) -> bool:
    """Whether all that is not known now is lost evidence of what the standing certificate was earned by."""
    stored = {(area.name, one.name): one for area in before.areas for one in area.expectations}
    for area in areas:
        for one in (*area.blocking(Outcome.UNMET), *area.blocking(Outcome.UNKNOWN)):
            then = stored.get((area.name, one.name))
            if not one.lost or then is None:
                return False
            # Unknown in a status that was certified: it is held already, so it was met when the loss began.
            held_already = then.outcome == Outcome.UNKNOWN and then.severity == Severity.BLOCKING
            if then.outcome != Outcome.MET and not held_already:
                return False
    return True
