"""
The operator, put together: every part is made here, handed its collaborators, and kept running.

Nothing is decided here. kopf runs only while our CRD is served, and whatever ends it, it is started anew.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import kopf
import structlog
from prometheus_client import CollectorRegistry, disable_created_metrics

from readiness import __version__
from readiness.collectors.access import Gate
from readiness.collectors.clock import Timing
from readiness.collectors.connection import Api
from readiness.collectors.discovery import Discovery
from readiness.collectors.fetched import Fetched
from readiness.collectors.inventory import Inventory
from readiness.collectors.projections import BODIES, BY_RESOURCE
from readiness.collectors.projections.definitions import DEFINITIONS
from readiness.collectors.reflector import Reflector, Store
from readiness.evidence.objects import Record
from readiness.evidence.resources import CRDS, ELSEWHERE, Resource
from readiness.evidence.seen import Unseen
from readiness.outputs import events
from readiness.outputs.counters import Counters
from readiness.outputs.metrics import Exposition
from readiness.runtime import handlers, rivals, server
from readiness.runtime.announcer import HELD_BACK, Announcer
from readiness.runtime.barrier import Barrier
from readiness.runtime.desk import Desk
from readiness.runtime.engine import Engine
from readiness.runtime.judge import Judge
from readiness.runtime.outage import Outage
from readiness.runtime.register import REVIEWS, Entry
from readiness.runtime.rollcall import RollCall
from readiness.runtime.settings import Settings
from readiness.runtime.supervisor import Supervisor
from readiness.runtime.watches import Watches
from readiness.runtime.writer import Writer

LISTS_AFTER: Final = 1.1  # seconds after the first roll call: one list then serves every review's barrier
SWEEP: Final = 15.0  # seconds


class Operator:
    """All parts, wired. `run` ends when cancelled."""

    def __init__(
        self,
        api: Api,
        settings: Settings,
        claim_signals: Callable[[], None] = lambda: None,
        loaded: Callable[[], None] = lambda: None,
        *,
        timing: Timing | None = None,
        held_back: float = HELD_BACK,
    ) -> None:
        """`claim_signals` is called whenever kopf has started: it takes the process's signals for itself.

        `loaded` is called once, when the first lists are done: most of what will ever be held is there then.
        """
        self._claim_signals, self._loaded = claim_signals, loaded
        self._api, self._settings = api, settings
        self._log = structlog.get_logger()
        self._started = time.monotonic()
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.counters = Counters(self.registry, __version__)
        self.port = 0
        timing = self._timing = timing or replace(Timing(), stale_after=settings.stale_after.total_seconds())
        clock = api.clock
        self._supervisor = Supervisor(self._task_died)
        self.discovery = Discovery(api, clock, timing)
        self.fetched: Fetched[object] = Fetched(api, self.discovery, clock, BODIES, self._body_changed, timing=timing)
        self.inventory = Inventory(self.fetched)
        listed = {ns: frozenset(names) for ns, names in settings.evidence_namespaces.items()}
        gate = Gate(self.inventory, listed, self.discovery.served)
        self.engine = Engine(clock, self.counters)
        only = settings.watch_namespaces
        self.watches = Watches(self._reflector, self._supervisor.start, self.inventory.forget, only=only)
        self.barrier = Barrier(self.watches, self.engine.passed)
        self.outage = Outage(api, self._fresh, self._returned)
        self.announcer = Announcer(api, _instance(), held_back)
        register, again, later = self.engine.register, self.engine.scheduler.mark, self.engine.scheduler.after
        self.desk = Desk(register, clock, self.announcer, again, self.engine.written, later)
        another = rivals.Rivals(self.counters.status_conflicts.inc, self._yielded, self.engine.scheduler.mark)
        self.writer = Writer(api, self.desk, self._wrote, self.outage, another)
        self.rollcall = RollCall(api, register, self.engine.changed, self._restart_kopf, only)
        seen, hold_for = self.rollcall.seen, settings.hold_for
        judge = Judge(gate, self.watches, self.barrier, clock, hold_for=hold_for, uptime=self._uptime, seen=seen)
        self.engine.connect(judge, self.desk, self.writer, self.watches, self.barrier)
        self.registry.register(Exposition(self.desk.verdicts, self.watches.sources))
        self._kopf: asyncio.Task[None] | None = None
        self._crds = self._crd_reflector()
        self._asked = False
        self._unwatched: set[str] = set()  # paths of reviews of which no watch is permitted

    async def run(self, started: Callable[[int], None] = lambda _: None) -> None:
        """Serve, watch, judge, write until cancelled. `started` is told the port of the endpoints."""
        self.watches.hold()
        app = server.application(self.alive, self.ready, self.registry)
        runner, self.port = await server.serve(app, self._settings.listen_host, self._settings.listen_port)
        self._log.info("serving", host=self._settings.listen_host, port=self.port)
        started(self.port)
        tasks: dict[str, Callable[[], Awaitable[object]]] = {
            "scheduler": self.engine.scheduler.run,
            "writer": self.writer.run,
            "announcer": self.announcer.run,
            "barrier": self.barrier.run,
            "outage": self.outage.run,
            "fetcher": self.fetched.run,
            "roll call": self.rollcall.run,
            "discovery": self._discover,
            "definitions": self._crds.run,
            "reviews": self._follow_reviews,
            "housekeeping": self._keep_house,
        }
        try:
            for name, task in tasks.items():
                self._supervisor.start(name, task)
            await asyncio.Event().wait()
        finally:
            await self._supervisor.close()
            await self._stop_kopf()
            await runner.cleanup()

    # --- health

    def alive(self) -> list[str]:
        """The loop answers this at all; the scheduler must have beaten lately."""
        silent = asyncio.get_running_loop().time() - self.engine.scheduler.heartbeat
        return [f"the scheduler has not moved for {silent:.0f}s"] if silent > 15 else []

    def ready(self) -> list[str]:
        """What keeps the operator from judging."""
        problems = []
        if self._kopf is None or self._kopf.done():
            problems.append("readinessreviews.readiness.dev is not served, or not watched: apply the CRDs")
        if not self.rollcall.first.is_set():
            problems.append("reviews were not listed yet")
        elif not self._all_asked():
            problems.append("not every review was looked at: what they need is not known yet")
        if not self.watches.settled():
            problems.append("not every needed watch is synced")
        if len(self._unwatched) >= max(1, len(self._settings.watch_namespaces)):  # one tenant does not hold the others
            problems.append("not permitted to watch reviews: grant get, list and watch on them")
        if self.writer.forbidden:
            rights = "update on readinessreviews/status, and get on readinessreviews"
            problems.append(f"not permitted to write statuses: grant {rights}")
        return problems

    def _all_asked(self) -> bool:
        """Once, after a start: before that no watch is needed, and so every needed one synced."""
        self._asked = self._asked or (not self.rollcall.awaiting and self.engine.looked_at_all())
        return self._asked

    # --- what moves

    def _reflector(self, resource: Resource, namespace: str) -> Reflector[Record]:
        projection = BY_RESOURCE[resource]

        def publish(of: Resource, uid: str, before: Record | None, after: Record | None) -> None:
            concerned = self.inventory.apply(of, uid, before, after)
            if reflector.store.listed_at is not None:  # a first list is no event: its end is
                self.engine.evidence_changed(of, concerned)
                known = after or before
                assert known is not None
                self.barrier.event(of, known.meta.namespace)

        reflector: Reflector[Record] = Reflector(
            self._api,
            self.discovery,
            resource,
            namespace,
            projection.decode,
            projection.unreadable,
            publish,
            self._state_changed,
            clock=self._api.clock,
            timing=self._timing,
            went_back=self._went_back,
        )
        self.inventory.follow(resource, namespace, lambda: reflector.store.state)
        return reflector

    def _crd_reflector(self) -> Reflector[Record]:
        """Tells *that* a group changed; what it serves now is for discovery to ask."""

        def publish(_: Resource, __: str, before: Record | None, after: Record | None) -> None:
            known = after or before
            assert known is not None
            self.discovery.changed(known.meta.name.partition(".")[2])

        return Reflector(
            self._api,
            self.discovery,
            CRDS,
            "",
            DEFINITIONS.decode,
            DEFINITIONS.unreadable,
            publish,
            lambda _: None,
            clock=self._api.clock,
            timing=self._timing,
        )

    def _state_changed(self, store: Store[Record]) -> None:
        self._log.info(
            "watch",
            resource=store.resource.name,
            namespace=store.namespace or "*",
            state="Seen" if store.unseen is None else str(store.unseen.reason),
            objects=len(store.records),
        )
        self.engine.state_changed(store)

    def _went_back(self, store: Store[Record]) -> None:
        """The API server's history was replaced: equal versions prove nothing any more."""
        self._log.warning("the API server's history went back", resource=store.resource.name)
        self.fetched.drop(store.resource)
        self.watches.restart(but=store)
        self.rollcall.ask()

    def _body_changed(self, resource: Resource, namespace: str, name: str) -> None:
        self.inventory.body_changed(resource, namespace, name)
        self.engine.evidence_changed(resource, frozenset({namespace}))

    def _fresh(self, since: datetime) -> bool:
        return all(
            (source.last_contact is not None and source.last_contact > since)
            or (source.state is not None and source.state.definite)
            for source in self.watches.sources()
        )

    def _reviews_watched(self, path: str, permitted: bool) -> None:
        """Without a watch the roll calls find what is new, some time later; what they find is judged as ever."""
        if permitted:
            self._unwatched.discard(path)
        elif path not in self._unwatched:
            self._unwatched.add(path)
            self._log.error("not permitted to watch reviews: grant get, list and watch on them", path=path)

    def _returned(self) -> None:
        """After an outage every verdict is made anew."""
        self._log.info("contact with the API server is back")
        self.desk.void()
        self.rollcall.ask()

    def _uptime(self) -> float:
        return time.monotonic() - self._started

    def _task_died(self, name: str) -> None:
        self.counters.watch_restarts.labels(resource=name, reason="Died").inc()

    def _yielded(self, entry: Entry) -> None:
        self._log.error("another writer of this status: it is left alone", review=f"{entry.namespace}/{entry.name}")
        self.announcer.at_once(entry, events.another_writer(rivals.TIMES, int(rivals.ALONE // 60)))

    def _wrote(self, outcome: str) -> None:
        self.counters.status_writes.labels(outcome=outcome).inc()

    # --- tasks

    async def _discover(self) -> None:
        for group in sorted({resource.group for resource in ELSEWHERE}):
            await self.discovery.ask(group)  # whether it is installed is told even where nobody may watch it
        await self.discovery.run(lambda: self._crds.store.unseen is not None)

    async def _keep_house(self) -> None:
        """Release the first lists; stop watches that nobody needs; forget bodies of objects that are gone."""
        await self.rollcall.first.wait()
        await asyncio.sleep(LISTS_AFTER)
        self.watches.release()
        waiting = True
        while True:
            await asyncio.sleep(SWEEP)
            if waiting and not self.ready():
                waiting = False
                self._loaded()
            for resource, reason, count in self.watches.restarts():
                self.counters.watch_restarts.labels(resource=resource, reason=reason).inc(count)
            self.watches.sweep()
            self.fetched.forget_unreferenced(_Existing(self.inventory))

    async def _follow_reviews(self) -> None:
        """Run kopf while our CRD is served; `kopf.operator` ends by design when its watch fails."""
        while True:
            while isinstance(await self._served(), Unseen):  # noqa: ASYNC110  # a question to the API server
                await asyncio.sleep(1.0)
            self._kopf = asyncio.create_task(self._run_kopf(), name="kopf")
            self.rollcall.ask()
            await asyncio.wait([self._kopf])
            error = None if self._kopf.cancelled() else self._kopf.exception()
            tell = self._log.warning if error else self._log.info
            tell("the watch of reviews ended and is started anew", error=str(error) if error else None)
            self._task_died("kopf")
            self.rollcall.ask()
            await asyncio.sleep(1.0)

    async def _served(self) -> str | Unseen:
        await self.discovery.ask(REVIEWS.group)
        return self.discovery.served(REVIEWS)

    async def _run_kopf(self) -> None:
        """Not `kopf.operator`: when that ends, it cancels every task of the loop that is younger than itself."""
        host, session = self._api.lend(cut=self.rollcall.ask, watched=self._reviews_watched)
        tasks: list[asyncio.Task[None]] = []
        try:
            spawned = await kopf.spawn_tasks(
                registry=handlers.triggers(
                    self.engine.changed,
                    self.engine.deleted,
                    lambda: kopf.AiohttpSession(server=host, aiohttp_session=session),
                    self._claim_signals,
                ),
                settings=handlers.settings(),
                identity=_instance(),  # type: ignore[arg-type]  # kopf asks for $USER otherwise, which a Pod may lack
                standalone=True,
                clusterwide=not self._settings.watch_namespaces,
                namespaces=self._settings.watch_namespaces,
            )
            tasks.extend(spawned)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await session.close()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def _restart_kopf(self) -> None:
        if self._kopf is not None:
            self._kopf.cancel()

    async def _stop_kopf(self) -> None:
        if self._kopf is not None and not self._kopf.done():
            self._kopf.cancel()
            await asyncio.wait([self._kopf], timeout=20)


def _instance() -> str:
    """Who tells: the Pod's name, in a cluster."""
    return f"readiness-operator-{socket.gethostname()}"[:128]


class _Existing:
    """Bodies are kept while their objects exist."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def __contains__(self, key: object) -> bool:
        assert isinstance(key, tuple)
        return self._inventory.named(*key) is not None
