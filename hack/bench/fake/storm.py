"""Thousands of events a second, half of them without effect, and how long the statuses took to follow.

The changes fall into some namespaces, as those of rollouts do: no operator writes a thousand statuses a second.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

from hack.bench import world
from hack.bench.fake import objects
from hack.bench.fake.objects import PODS_EACH
from hack.bench.world import Key

if TYPE_CHECKING:
    from hack.bench.fake.server import Fake

TICK = 0.01
TOKEN_EVERY = 0.5


class Storm:
    """At most one at a time."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self._choose = random.Random(17)
        self._task: asyncio.Task[None] | None = None
        self._sent: dict[Key, list[tuple[int, float]]] = {}
        self._behind: list[float] = []
        self._made = 0
        self._seconds = 0.0
        self._number = 0

    def begin(self, rate: int, seconds: float, namespaces: int) -> None:
        """So many events a second."""
        self._task = asyncio.create_task(self._run(rate, seconds, namespaces))

    def told(self) -> dict[str, Any]:
        """What came of it so far; `waiting` are tokens that no status has told of yet, with their age."""
        now = time.monotonic()
        waiting = [now - at for sent in self._sent.values() for _, at in sent]
        return {
            "running": self._task is not None and not self._task.done(),
            "events": self._made,
            "seconds": self._seconds,
            "behind": self._behind,
            "waiting": waiting,
        }

    def written(self, key: Key, number: int) -> None:
        """A status that tells of this token, and so of all before it."""
        now, sent = time.monotonic(), self._sent.get(key, [])
        while sent and sent[0][0] <= number:
            self._behind.append(now - sent.pop(0)[1])

    async def _run(self, rate: int, seconds: float, namespaces: int) -> None:
        began = due = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            if time.monotonic() >= due:
                due += TOKEN_EVERY / namespaces
                self._token(self._number % namespaces)
            while self._made < passed * rate:
                self._event(namespaces)
                self._made += 1
            await asyncio.sleep(TICK)
        self._seconds = time.monotonic() - began

    def _token(self, namespace: int) -> None:
        """The first Deployment of a namespace has the namespace's own number as its index."""
        self._number += 1
        port = world.token(self._number)
        self._sent.setdefault(Key(world.namespace_name(namespace), "review-0"), []).append(
            (self._number, time.monotonic())
        )
        counts = self._fake.counts
        self._fake.tell("deployments", b"MODIFIED", objects.deployment(namespace, self._fake.next(), counts, port=port))

    def _event(self, namespaces: int) -> None:
        """By turns: a label of a Deployment, a Pod's annotation, a Deployment's label, a ReplicaSet's version."""
        fake, counts = self._fake, self._fake.counts
        row = self._choose.randrange(1, counts.deployments)
        index = row * counts.namespaces + self._choose.randrange(namespaces)
        version = fake.next()
        if self._made % 2 == 0:
            fake.tell("deployments", b"MODIFIED", objects.deployment(index, version, counts, turn=self._made))
        elif self._made % 4 == 1:
            child = index * PODS_EACH + self._choose.randrange(PODS_EACH)
            fake.tell("pods", b"MODIFIED", objects.pod(child, version, counts))
        else:
            fake.tell("deployments", b"MODIFIED", objects.deployment(index, version, counts))
