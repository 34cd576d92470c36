"""The command line: thin doors to the operator, to the offline review and to the CRDs."""

import asyncio
import json
import logging
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
import structlog
import yaml

from readiness import __version__
from readiness.api import crd
from readiness.api.v1alpha1 import instants
from readiness.collectors import sources
from readiness.collectors.clock import ServerClock
from readiness.collectors.connection import Api, ApiError
from readiness.outputs import terminal
from readiness.runtime import offline
from readiness.runtime import settings as settings_module
from readiness.runtime.settings import Settings, WrongSettings

NOT_CERTIFIED = 1
BAD_INPUT = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="readiness %(version)s")
def main() -> None:
    """Continuously certify production readiness."""


@main.command()
@click.option("--settings", "file", type=click.Path(path_type=Path), help="A YAML file of settings.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Connect with this kubeconfig.")
@click.option("--watch-namespace", "watch_namespaces", multiple=True, help="Judge reviews of this namespace only.")
@click.option("--listen-host", help="The address of /metrics, /livez and /readyz.")
@click.option("--listen-port", type=int, help="Their port; 0 takes a free one.")
@click.option("--log-level", help="debug, info, warning or error.")
@click.option("--log-format", help="json or console.")
def run(file: Path | None, watch_namespaces: tuple[str, ...], **flags: object) -> None:
    """Run the operator, in a cluster or from outside."""
    try:
        settings = settings_module.load(file, {**flags, "watch_namespaces": watch_namespaces or None})
    except WrongSettings as error:
        _bad_input(str(error))
    _configure_logging(settings)
    try:
        asyncio.run(_operate(settings))
    except ApiError as error:
        _bad_input(f"cannot connect to the API server: {error}")


@main.command()
@click.option("--file", "file", help="The review; without it the reviews are taken from the manifests. - is stdin.")
@click.option("--manifests", "paths", multiple=True, required=True, help="A file, a folder, or - for stdin.")
@click.option("--now", "instant", help="Judge as of this instant (RFC 3339); absent: now.")
@click.option("--namespace", default="default", show_default=True, help="Of objects that name none.")
@click.option("--settings", "settings_file", type=click.Path(path_type=Path), help="A YAML file of settings.")
@click.option("--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True)
def review(
    file: str | None,
    paths: tuple[str, ...],
    instant: str | None,
    namespace: str,
    settings_file: Path | None,
    output: str,
) -> None:
    """Judge reviews over YAML files, without a cluster.

    Exit code 0: every review is certified; 1: at least one is not; 2: bad input.
    """
    try:
        settings = settings_module.load(settings_file, {})
        now = instants.parse(instant) if instant else datetime.now(UTC)
    except WrongSettings as error:
        _bad_input(str(error))
    except ValueError as error:
        _bad_input(f"--now: {error}")
    read = sources.read(paths, namespace)
    answers = offline.review(read, sources.read([file], namespace) if file else None, settings, namespace, now)
    if answers.problems:
        _bad_input("\n".join(answers.problems))
    if read.skipped:
        click.echo(f"readiness: {read.skipped} Helm test hooks skipped", err=True)
    _show(answers, output)
    sys.exit(0 if all(one.certified for one in answers.reviews) else NOT_CERTIFIED)


@main.command()
def crds() -> None:
    """Print the CustomResourceDefinitions as YAML documents (JSON is YAML)."""
    for document in crd.documents():
        click.echo("---")
        click.echo(json.dumps(document, indent=2))


def _show(answers: offline.Answers, output: str) -> None:
    listing = {"apiVersion": "v1", "kind": "List", "items": [one.object for one in answers.reviews]}
    if output == "json":
        click.echo(json.dumps(listing, indent=2))
    elif output == "yaml":
        click.echo(yaml.safe_dump(listing, sort_keys=False, allow_unicode=True), nl=False)
    else:
        for index, one in enumerate(answers.reviews):
            meta = one.object["metadata"]
            click.echo("\n" * bool(index) + "\n".join(terminal.lines(meta["namespace"], meta["name"], one.status)))


async def _operate(settings: Settings) -> None:
    from readiness.runtime.wiring import Operator  # noqa: PLC0415  # kopf and all it needs, for this command only

    clock = ServerClock(lambda: datetime.now(UTC), time.monotonic)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def claim_signals() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)

    claim_signals()
    async with await Api.connect(str(settings.kubeconfig) if settings.kubeconfig else None, clock=clock) as api:
        operator = asyncio.create_task(Operator(api, settings, claim_signals).run())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({operator, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        operator.cancel()
        await asyncio.gather(operator, return_exceptions=True)
        if not operator.cancelled() and (error := operator.exception()) is not None:
            raise error


def _configure_logging(settings: Settings) -> None:
    """One line an event, to standard error; libraries speak at warning and above."""
    level = getattr(logging, settings.log_level.upper())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)


def _bad_input(message: str) -> NoReturn:
    for line in message.splitlines():
        click.echo(f"readiness: {line}", err=True)
    sys.exit(BAD_INPUT)
