"""
The operator as a process: connection, signals, logging. All that `readiness run` needs and no other command does.
"""

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Final

import structlog

from readiness.collectors.clock import ServerClock
from readiness.collectors.connection import Api, ApiError
from readiness.runtime.settings import Settings
from readiness.runtime.wiring import Operator

GARBAGE_AFTER: Final = (20_000, 20, 20)
"""Records are many, live long and hold no cycles: collecting at Python's defaults walks all of them again and again."""


class CannotStart(Exception):  # noqa: N818  # a sentence for whoever started it
    """What the operator needs and does not get."""


def run(settings: Settings) -> None:
    """Until a signal ends it; CannotStart where there is no API server or no address to serve on."""
    _configure_logging(settings)
    gc.set_threshold(*GARBAGE_AFTER)
    try:
        asyncio.run(_operate(settings))
    except ApiError as error:
        raise CannotStart(f"cannot connect to the API server: {error}") from error
    except OSError as error:
        place = f"{settings.listen_host}:{settings.listen_port}"
        raise CannotStart(f"cannot serve on {place}: {error.strerror or error}") from error


async def _operate(settings: Settings) -> None:
    clock = ServerClock(lambda: datetime.now(UTC), time.monotonic)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        structlog.get_logger().info("ends by a signal", signal=number.name)
        stop.set()

    def claim_signals() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end, number)

    claim_signals()
    async with await Api.connect(str(settings.kubeconfig) if settings.kubeconfig else None, clock=clock) as api:
        operator = asyncio.create_task(Operator(api, settings, claim_signals, _loaded).run())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({operator, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        operator.cancel()
        await asyncio.gather(operator, return_exceptions=True)
        if not operator.cancelled() and (error := operator.exception()) is not None:
            raise error


def _loaded() -> None:
    """Leave what the first lists have brought out of every later collection, and give back what reading them took.

    A full one stops the loop for 0.4 s at 100,000 Pods. What is frozen is still freed when nobody refers to it.
    """
    gc.collect()
    gc.freeze()
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such thing, and may not need it
        ctypes.CDLL(None).malloc_trim(0)


def _configure_logging(settings: Settings) -> None:
    """One line an event, to standard error; libraries speak at warning and above, in the same form."""
    level = getattr(logging, settings.log_level.upper())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[libraries])
