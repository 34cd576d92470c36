"""When there is no verdict yet: what waits, how long, and what is said meanwhile."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from readiness.api.v1alpha1.review import Review, digest
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.runtime.barrier import Passed
from readiness.runtime.judge import Case, Judge, Judged, Wait
from readiness.runtime.register import Entry, Register
from tests.runtime.virtual import EPOCH, raw


@dataclass
class Watches:
    why: Why | None = None
    needed: list[frozenset[Any]] = field(default_factory=list)

    def where(self, resource: Any, _namespace: str) -> Any:
        return (resource, "")

    def need(self, _uid: str, needs: Any) -> None:
        self.needed.append(frozenset(needs))

    def state(self, watched: Any) -> Any:
        return Seen(EPOCH, EPOCH) if self.why is None else Unseen(self.why, "", watched[0].name)


@dataclass
class Barrier:
    waited: float | None = None
    still: bool = False
    asked: int = 0
    forgotten: int = 0

    def ask(self, *_: Any) -> Passed | None:
        self.asked += 1
        return None

    def waits(self, *_: Any) -> bool:
        return self.still

    def since(self, _uid: str) -> float | None:
        return self.waited

    def forget(self, _uid: str) -> None:
        self.forgotten += 1


@dataclass
class Bench:
    watches: Watches = field(default_factory=Watches)
    barrier: Barrier = field(default_factory=Barrier)
    uptime: float = 1000.0
    now: datetime = EPOCH

    async def judge(self, entry: Entry) -> Judged | Wait:
        view = SimpleNamespace(listed_namespaces=lambda _: (), workloads=lambda: Unseen(Why.NOT_SYNCED, ""))
        gate = SimpleNamespace(view=lambda _: view)
        clock = SimpleNamespace(now=lambda: self.now, skew=timedelta(0))
        made = Judge(
            gate,  # type: ignore[arg-type]
            self.watches,  # type: ignore[arg-type]
            self.barrier,  # type: ignore[arg-type]
            clock,  # type: ignore[arg-type]
            hold_for=timedelta(minutes=15),
            uptime=lambda: self.uptime,
        )
        return await made.judge(Case(entry.uid), entry)


def stored(*, other_digest: bool = False, **fields: Any) -> Entry:
    """A review whose status is a certificate of this generation, until ten minutes from now."""
    plain = Register().put(raw(**fields))
    assert plain is not None
    review = plain.read()
    assert isinstance(review, Review)
    status = {
        "observedGeneration": 1,
        "specDigest": "another" if other_digest else digest(review.spec),
        "validUntil": "2026-11-21T10:10:00Z",
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Certified",
                "message": "m",
                "lastTransitionTime": "2026-11-21T09:00:00Z",
            }
        ],
    }
    entry = Register().put(raw(status=status, **fields))
    assert entry is not None
    return entry


async def test_a_new_generation_says_that_it_is_evaluated_after_three_seconds() -> None:
    bench = Bench(barrier=Barrier(waited=1.0))
    entry = Register().put(raw())
    assert entry is not None
    assert await bench.judge(entry) == Wait(2.0)
    bench.barrier.waited = 3.5
    found = await bench.judge(entry)
    assert isinstance(found, Judged)
    assert found.verdict.ready.reason == "Evaluating"
    assert found.verdict.ready.message == "waiting for evidence newer than this generation"
    bench.watches.why = Why.NOT_SYNCED
    found = await bench.judge(entry)
    assert isinstance(found, Judged)
    assert "deployments.apps" in found.verdict.ready.message


@pytest.mark.parametrize("why", [Why.STALE, None])
async def test_a_verdict_of_another_digest_stands_while_its_certificate_does(why: Why | None) -> None:
    """As after an upgrade of the operator: the same generation means something else now."""
    bench = Bench(Watches(why), Barrier(waited=30.0))
    assert await bench.judge(stored(other_digest=True)) == Wait(600.0)
    bench.now = EPOCH + timedelta(minutes=11)
    found = await bench.judge(stored(other_digest=True))
    assert isinstance(found, Judged)
    assert found.verdict.ready.reason == "CertificateExpired"


async def test_after_a_start_a_stored_verdict_waits_for_the_first_lists() -> None:
    bench = Bench(Watches(Why.NOT_SYNCED), uptime=10.0)
    assert await bench.judge(stored()) == Wait(50.0)
    assert bench.barrier.asked == 0
    bench.now = EPOCH + timedelta(minutes=9, seconds=30)
    assert await bench.judge(stored()) == Wait(30.0), "until its certificate ends, if that is sooner"
    bench.now = EPOCH + timedelta(minutes=10)
    found = await bench.judge(stored())
    assert isinstance(found, Judged)
    assert found.verdict.ready.reason == "CertificateExpired"
    assert found.verdict.digest == stored().stored().spec_digest, "the generation keeps its name"


async def test_a_generation_that_passed_without_a_list_is_held_to_it_still() -> None:
    """A verdict was written, since a minute had gone by; it is no proof that the stores are as new as the review."""
    bench = Bench(barrier=Barrier(waited=70.0, still=True))
    assert await bench.judge(stored()) == Wait(600.0)
    assert (bench.barrier.asked, bench.barrier.forgotten) == (1, 0)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"spec": {"suspend": True}}, "Suspended"),
        ({"metadata": {"deletionTimestamp": "2026-11-21T10:00:00Z"}}, "Deleting"),
        ({"spec": {"areas": "none"}}, "InvalidSpec"),
    ],
)
async def test_what_is_not_judged_needs_no_evidence(fields: dict[str, Any], reason: str) -> None:
    bench = Bench()
    entry = Register().put(raw(**fields))
    assert entry is not None
    found = await bench.judge(entry)
    assert isinstance(found, Judged)
    assert found.verdict.ready.reason == reason
    assert bench.watches.needed == [frozenset()]
    assert bench.barrier.forgotten == 1
