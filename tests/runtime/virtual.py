"""An event loop whose clock jumps to the next timer: an hour passes at once, and in the same order every time."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec

P = ParamSpec("P")
EPOCH = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: where nobody has written, the time has come."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("every task waits for something that no timer brings")
        if not found and timeout:
            self.passed += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.passed


def virtual(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test in virtual time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def now() -> datetime:
    """The instant that a server's clock would show."""
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


def passed() -> float:
    return asyncio.get_running_loop().time()


class Clock:
    """A server's clock by the loop's time."""

    skew = timedelta(0)

    def now(self) -> datetime:
        return now()

    def monotonic(self) -> float:
        return passed()


def raw(name: str = "prod", version: int = 1, **more: Any) -> dict[str, Any]:
    """A review as an API server sends it."""
    metadata: Mapping[str, Any] = {
        "name": name,
        "namespace": more.pop("namespace", "shop"),
        "uid": more.pop("uid", "u-1"),
        "resourceVersion": str(version),
        "generation": more.pop("generation", 1),
        **more.pop("metadata", {}),
    }
    check = {"name": "probes", "check": {"probes": {}}}
    spec = {"areas": [{"name": "delivery", "expectations": [check]}], **more.pop("spec", {})}
    return {"metadata": dict(metadata), "spec": spec, **more}
