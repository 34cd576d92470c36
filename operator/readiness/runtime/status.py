"""
`readiness status`: stored reviews as pages for people, once or whenever one of them changes.

It shows what an operator has written and judges nothing; what a status is worth by now is said by `outputs.standing`. Time
is the API server's.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from readiness.api.v1alpha1 import instants
from readiness.api.v1alpha1.status import Status
from readiness.collectors.clock import ServerClock
from readiness.collectors.connection import Api
from readiness.collectors.errors import ApiError, Forbidden, NotFound, Unauthorized, Unreachable
from readiness.collectors.reviews import Place, Reviews, State
from readiness.expectations import table
from readiness.outputs import standing, terminal
from readiness.outputs.standing import Standing
from readiness.outputs.text import clean
from readiness.runtime import console

LOOK: Final = 2.0
"""Seconds between two looks at the clock while nothing is heard."""
SLEPT: Final = timedelta(seconds=15)
"""If this machine's clock runs ahead of its own seconds by so much, it has slept, and its connections may be dead."""

_RESOURCE: Final = "readinessreviews.readiness.dev"


class CannotShow(Exception):  # noqa: N818  # a sentence for whoever asked
    """There is no answer, and why; what to do about it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's arguments; `program` is how it was called."""

    program: str
    name: str | None = None
    namespace: str | None = None
    everywhere: bool = False
    follow: bool = False
    kubeconfig: str | None = None
    context: str | None = None


def show(asked: Asked) -> bool:
    """Print them; whether all are certified now. CannotShow where there is nothing to print. Following never ends."""
    return asyncio.run(_show(asked))


async def _show(asked: Asked) -> bool:
    clock = ServerClock(lambda: datetime.now(UTC), time.monotonic)
    try:
        async with await Api.as_kubectl(asked.kubeconfig, asked.context, clock=clock) as api:
            place = Place(None if asked.everywhere else asked.namespace or api.namespace, asked.name)
            if place.impossible is not None:
                raise CannotShow(
                    f'"{clean(place.impossible, 64)}" is no name: write lower-case letters, digits and dashes'
                )
            return await _answer(asked, api, place)
    except ApiError as error:
        raise CannotShow(
            f"{clean(str(error), 512)}: see --kubeconfig and --context, and kubectl config view"
        ) from error


async def _answer(asked: Asked, api: Api, place: Place) -> bool:
    reviews, pages = Reviews(api, place), Pages(asked, place)
    try:
        state = await reviews.read()
        if asked.follow:
            await follow(reviews.follow(), api.clock, pages)
    except Unauthorized:
        raise
    except ApiError as error:
        raise CannotShow(await _why(error, asked, api, reviews, place)) from error
    if not state.reviews:
        raise CannotShow(pages.nothing)
    standings = pages.standings(state, api.clock.now())
    console.put(pages.text(state, standings))
    return all(one.certified for one in standings)


async def follow(states: AsyncGenerator[State, None], clock: ServerClock, pages: "Pages", look: float = LOOK) -> None:
    """Print whenever something changes; the passing of time is a change, too, where a certificate ends by it."""
    state, skew, shown = State(()), clock.skew, object()
    async with aclosing(states):
        coming = asyncio.ensure_future(anext(states))
        try:
            await asyncio.wait({coming})
            while True:
                if coming.done():
                    state, skew = coming.result(), clock.skew
                    coming = asyncio.ensure_future(anext(states))
                elif clock.skew - skew > SLEPT:
                    state = replace(state, lost="this machine has slept since")
                standings = pages.standings(state, clock.now())
                if (facts := pages.facts(state, standings)) != shown:
                    pages.show(state, standings, clock.now())
                    shown = facts
                await asyncio.wait({coming}, timeout=_pause(standings, clock.now(), look))
        finally:
            coming.cancel()
            with suppress(asyncio.CancelledError, ApiError, StopAsyncIteration):
                await coming


def _pause(standings: tuple[Standing, ...], now: datetime, look: float) -> float:
    ends = [(one.until - now).total_seconds() for one in standings if one.until is not None]
    return max(0.0, min([look, *ends]))


class Pages:
    """What is printed of a state: one review in full if it was named, else every one in brief."""

    def __init__(self, asked: Asked, place: Place) -> None:
        self._asked = asked
        self._place = place

    @property
    def nothing(self) -> str:
        """Said where there is no review at all."""
        namespace, name = self._place.namespace, self._place.name
        if namespace is None:
            return "no reviews in any namespace: see docs/writing-reviews.md for the first one"
        if name is None:
            return f"no reviews in namespace {namespace}: name another with -n, or see all with -A"
        return f'no review "{name}" in namespace {namespace}: see {self._asked.program} status -A'

    def standings(self, state: State, at: datetime) -> tuple[Standing, ...]:
        """Of each review, in their order."""
        return tuple(standing.of(one, _status(one), at, state.lost) for one in state.reviews)

    def facts(self, state: State, standings: tuple[Standing, ...]) -> object:
        """What makes a page another one. Ages grow without being news."""
        return state.lost, standings, [_told(one) for one in state.reviews]

    def show(self, state: State, standings: tuple[Standing, ...], at: datetime) -> None:
        """Once more: a terminal shows the newest page only, a pipe all of them."""
        if sys.stdout.isatty():
            click.clear()
        console.put(f"--- {instants.text(at)}\n{self.text(state, standings)}")

    def text(self, state: State, standings: tuple[Standing, ...]) -> str:
        """All pages, or why there is none."""
        if not state.reviews:
            return "\n".join([self.nothing, *standing.contact(state.lost)]) + "\n"
        both = list(zip(state.reviews, standings, strict=True))
        if self._place.name is not None:
            return "\n".join(line for review, stands in both for line in self._whole(review, stands)) + "\n"
        column = min(max(len(terminal.name(review)) for review, _ in both), 48)
        lines = [
            line
            for review, stands in both
            for line in terminal.brief(review, _status(review), console.width(), stands, column)
        ]
        certified = sum(stands.certified for stands in standings)
        more = "" if certified == len(both) else f"; all about one: {self._asked.program} status NAME -n NAMESPACE"
        return "\n".join([*lines, "", f"{certified} of {len(both)} certified{more}"]) + "\n"

    def _whole(self, review: Any, stands: Standing) -> Iterator[str]:
        status = _status(review)
        yield from terminal.lines(review, status, console.width(), stands)
        known = {kind.name for kind in table.TABLE}
        wrong = [one.kind for area in status.areas for one in area.expectations if one.outcome in {"Unmet", "Unknown"}]
        if kinds := " ".join(dict.fromkeys(kind for kind in wrong if kind in known)):
            yield ""
            yield f"  what the reasons mean: {self._asked.program} explain {kinds}"


def _status(review: Any) -> Status:
    status = review.get("status")
    return Status.read(status) if isinstance(status, dict) else Status()


def _told(review: Any) -> object:
    """All of it that a page may show."""
    meta = review["metadata"]
    named = [meta.get(key) for key in ("namespace", "name", "uid", "generation", "deletionTimestamp")]
    return named, review.get("spec"), review.get("status")


async def _why(error: ApiError, asked: Asked, api: Api, reviews: Reviews, place: Place) -> str:
    """What is in the way, and what to do."""
    said = clean(str(error), 512)
    if isinstance(error, Forbidden):
        verbs = "get, list and watch" if asked.follow else "list" if place.name is None else "get"
        other = "; or name a namespace with -n" if asked.everywhere else ""
        return f"not permitted: {said}: ask for {verbs} on {_RESOURCE}{other}"
    if isinstance(error, NotFound):
        with suppress(ApiError):
            if not await reviews.installed():
                return "this cluster knows no ReadinessReviews: apply the CRDs (readiness crds | kubectl apply -f -)"
        return Pages(asked, place).nothing
    if isinstance(error, Unreachable):
        return f"cannot reach the API server at {api.host}: {said}"
    return f"the API server at {api.host} gave no answer: {said}"
