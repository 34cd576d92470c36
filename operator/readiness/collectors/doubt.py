"""
Whether a refusal may be believed.

An API server that has just started answers 403 to whoever is no administrator, until it has read its own roles. So a
refusal counts from a server that said before it that it was ready; and where it does not say so at all (nobody may be
permitted to ask), after a while. One that was out of reach, or failed, a moment ago may say that it is ready and still
not know all roles: its refusal must be met again when that moment has passed. It must not know what was refused.
"""

from collections.abc import Callable
from typing import Final

from readiness.collectors.connection import Api, ApiError

LATER: Final = 1.5
"""Of the longest doubt: so long after a failure no refusal is believed."""


class Doubt:
    """Of one source. `believe` is asked at each refusal, `settled` told of every other answer, `failed` of a failure.

    Others learn that the server was gone from the connection: it is gone for all of them, a failure is of one alone.
    """

    def __init__(self, api: Api, monotonic: Callable[[], float], longest: float) -> None:
        self._api = api
        self._monotonic = monotonic
        self._longest = longest
        self._since: float | None = None
        self._ready = False
        self._failed: float | None = None

    async def believe(self) -> bool:
        """Whether the refusal that was just met is a permission that lacks. Where it is not: try again soon."""
        if self._since is None:
            self._since = self._monotonic()
        if any(
            self._monotonic() - at < LATER * self._longest for at in (self._failed, self._api.missed) if at is not None
        ):
            return False
        if self._ready or self._monotonic() - self._since >= self._longest:
            return True
        try:
            await self._api.get("/readyz", timeout=5.0)
        except ApiError:
            return False
        self._ready = True
        return False

    def settled(self) -> None:
        """It was answered otherwise: the next refusal is news."""
        self._since, self._ready = None, False

    def failed(self) -> None:
        """The server was out of reach, or failed: whatever it says next may be said by one that has just started."""
        self.settled()
        self._failed = self._monotonic()
