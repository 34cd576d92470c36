"""The review in numbers, and what `kubectl get` shows: may it go out; if not, what, whose, since when?"""

from collections import Counter
from datetime import datetime
from typing import Final

from readiness.api.v1alpha1.reasons import Reason
from readiness.api.v1alpha1.status import Status, Summary
from readiness.expectations.finding import Finding, Outcome
from readiness.judgement.subject import SubjectVerdict
from readiness.judgement.verdict import Verdict
from readiness.outputs.text import clean

BLOCKED_BY: Final = 40  # characters of the column


def summarise(verdict: Verdict, before: Status, since: datetime) -> Summary:
    """Totals count blocking expectations; advisory and inapplicable ones stand apart."""
    every = [one for area in verdict.areas for one in area.expectations]
    blocking = Counter(one.outcome for one in every if one.blocking)
    met, unmet, unknown = blocking[Outcome.MET], blocking[Outcome.UNMET], blocking[Outcome.UNKNOWN]
    total = met + unmet + unknown
    earlier = before.summary.outside_scope if before.summary else 0
    return Summary(
        total=total,
        met=met,
        unmet=unmet,
        unknown=unknown,
        advisory=sum(not one.blocking for one in every),
        not_applicable=blocking[Outcome.NOT_APPLICABLE],
        excepted=sum(one.counts.excepted for one in every),
        outside_scope=earlier if verdict.outside is None else verdict.outside,
        display=f"{met}/{total}",
        blocked_by=_blocked_by(verdict),
        revision=_revision(verdict.subject),
        since=since,
        message=clean(_message(verdict), 120) or None,
    )


def _blocked_by(verdict: Verdict) -> str | None:
    """Only where somebody looked, and found areas that hold the review back: as many names as fit, and how many more."""
    if not verdict.judged or verdict.ready.status == "True":
        return None
    names = [area.name for area in verdict.areas if area.outcome is not Outcome.MET]
    for shown in range(len(names), 1, -1):
        more = f" +{len(names) - shown}" if shown < len(names) else ""
        said = ", ".join(names[:shown]) + more
        if len(said) <= BLOCKED_BY:
            return said
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return clean(names[0], BLOCKED_BY - len(more)) + more if names else None


def _revision(subject: SubjectVerdict | None) -> str | None:
    if subject is None or not subject.revision:
        return None
    return clean(subject.revision, 256)[:12] + ("" if subject.verified else "?")


_DECIDING: Final = {
    Reason.BLOCKING_FINDINGS: Outcome.UNMET,
    Reason.EVIDENCE_UNAVAILABLE: Outcome.UNKNOWN,
}


def _message(verdict: Verdict) -> str:
    """The worst subject where one decides; else what Ready says. A certificate needs no words unless it is held."""
    if verdict.certificate is not None:
        return verdict.ready.message if verdict.certificate.held else ""
    worst = _worst(verdict, _DECIDING.get(verdict.ready.reason))
    return f"{worst.subject}: {worst.message or worst.reason}" if worst else verdict.ready.message


def _worst(verdict: Verdict, outcome: Outcome | None) -> Finding | None:
    deciding = (one for area in verdict.areas for one in area.expectations if one.blocking and one.outcome is outcome)
    return next((one.findings[0] for one in deciding if one.findings), None)
