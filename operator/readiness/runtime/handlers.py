"""
What the operator reacts to on its own resources: the list of kopf's triggers.

Each puts what it was told into the register and returns. No handler changes anything on a review: no
change detection (it writes annotations), no finalizer, no timer.
"""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import kopf

from readiness.runtime.register import REVIEWS

GROUP_VERSION_PLURAL: Final = (REVIEWS.group, "v1alpha1", REVIEWS.plural)


def triggers(
    changed: Callable[[dict[str, Any]], None],
    deleted: Callable[[str], None],
    login: Callable[[], kopf.AiohttpSession],
    started: Callable[[], None],
) -> kopf.OperatorRegistry:
    """A fresh registry: kopf is started anew whenever our CRD comes back. `started` runs when kopf is set up."""
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry)
    async def start(**_: object) -> None:
        # kopf takes the process's signals for itself one turn of the loop after this.
        asyncio.get_running_loop().call_later(0.1, started)

    @kopf.on.login(registry=registry)
    async def log_in(**_: object) -> kopf.AiohttpSession:
        return login()

    @kopf.on.event(*GROUP_VERSION_PLURAL, registry=registry)
    async def review(event: kopf.RawEvent, **_: object) -> None:
        if event["type"] == "DELETED":
            deleted(str(event["object"]["metadata"]["uid"]))
        else:
            changed(dict(event["object"]))

    return registry


def settings() -> kopf.OperatorSettings:
    """Kopf as quiet and as small as it gets, and never at an end of its patience."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.scanning.disabled = True
    chosen.watching.chunk_size = 50
    chosen.watching.server_timeout = 290
    chosen.watching.client_timeout = 300
    chosen.watching.connect_timeout = 10
    chosen.networking.error_backoffs = Endless()
    chosen.networking.enforce_retry_after = True
    chosen.networking.request_timeout = 30
    chosen.networking.connect_timeout = 10
    chosen.queueing.idle_timeout = 0.2
    chosen.persistence.diffbase_storage = NoBase()
    chosen.persistence.progress_storage = NoProgress()
    chosen.process.ultimate_exiting_timeout = (
        None  # else the process is killed so long after kopf ended, which is no end
    )
    return chosen


class NoBase(kopf.DiffBaseStorage):
    """No handler asks what changed, and to tell it kopf would copy each review several times an event."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        """Nothing is ever written on a review."""


class NoProgress(kopf.ProgressStorage):
    """No handler is ever continued."""

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        """Nothing is ever written on a review."""

    def purge(self, **_: Any) -> None:
        """Nothing is there."""

    def touch(self, **_: Any) -> None:
        """Nothing is ever written on a review."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


class Endless:
    """Pauses between attempts: doubling, jittered, capped, and never the last."""

    def __iter__(self) -> Iterator[float]:
        for attempt in itertools.count():
            yield min(10.0, 0.5 * 2.0 ** min(attempt, 16)) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
