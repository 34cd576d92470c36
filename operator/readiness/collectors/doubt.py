"""
Whether a refusal may be believed.

An API server that has just started answers 403 to whoever is no administrator, until it has read its own roles. So a
refusal counts from a server that said before it that it was ready; and where it does not say so at all (nobody may be
permitted to ask), after a while. It must not know what was refused.
"""

from collections.abc import Callable

from readiness.collectors.connection import Api, ApiError


class Doubt:
    """Of one watch. `believe` is asked at each refusal, `settled` told of each success."""

    def __init__(self, api: Api, monotonic: Callable[[], float], longest: float) -> None:
        self._api = api
        self._monotonic = monotonic
        self._longest = longest
        self._since: float | None = None
        self._ready = False

    async def believe(self) -> bool:
        """Whether the refusal that was just met is a permission that lacks. Where it is not: try again soon."""
        if self._since is None:
            self._since = self._monotonic()
        if self._ready or self._monotonic() - self._since >= self._longest:
            return True
        try:
            await self._api.get("/readyz", timeout=5.0)
        except ApiError:
            return False
        self._ready = True
        return False

    def settled(self) -> None:
        """It was permitted, or failed otherwise: the next refusal is news."""
        self._since, self._ready = None, False
