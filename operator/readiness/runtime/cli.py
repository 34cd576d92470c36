"""
The command line: thin doors to the operator, to the offline review and to the CRDs.

Whatever is wrong with what was given is said on standard error, a line each, and ends with exit code 2. Each command
imports what it needs by itself: `readiness --version` must not wait for the operator's libraries.
"""

import io
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from readiness import __version__

if TYPE_CHECKING:
    from datetime import datetime

    from readiness.runtime.offline import Answered
    from readiness.runtime.settings import Settings

NOT_CERTIFIED: Final = 1
FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130


class Door(click.Group):
    """Says what is wrong the way that all of the program does: one line each, to standard error."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """As click's; only errors are told differently."""
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(BAD_INPUT)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "readiness"
            _bad_input([f"{error.format_message()} (see {command} --help)"])
        except click.ClickException as error:
            _bad_input([error.format_message()])
        except click.Abort:
            sys.exit(INTERRUPTED)
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="readiness %(version)s")
def main() -> None:
    """Continuously certify that what runs in a namespace is ready for production."""


@main.command()
@click.option("--settings", "file", type=click.Path(path_type=Path), metavar="FILE", help="A YAML file of settings.")
@click.option("--kubeconfig", metavar="FILE", help="Connect with this kubeconfig.")
@click.option(
    "--watch-namespace",
    "watch_namespaces",
    multiple=True,
    metavar="NAME",
    help="Judge the reviews of this namespace only; may be repeated.",
)
@click.option("--hold-for", metavar="DURATION", help="How long a certificate may outlive the loss of its evidence.")
@click.option("--stale-after", metavar="DURATION", help="Without contact for so long, a watch proves nothing.")
@click.option("--listen-host", metavar="ADDRESS", help="Where /metrics, /livez and /readyz are served.")
@click.option("--listen-port", metavar="PORT", help="Their port; 0 takes a free one.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
@click.option("--log-format", metavar="FORMAT", help="json or console.")
def run(file: Path | None, watch_namespaces: tuple[str, ...], **flags: str | None) -> None:
    """Run the operator, in a cluster or from outside.

    Every setting may stand in the settings file, in the environment (READINESS_LISTEN_PORT) or in a flag; a flag wins
    over the environment, and that over the file. See docs/settings.md.
    """
    settings = _settings(file, {**flags, "watch_namespaces": watch_namespaces or None})
    from readiness.runtime import process  # noqa: PLC0415  # kopf, kubernetes, aiohttp: for this command only

    try:
        process.run(settings)
    except process.CannotStart as error:
        click.echo(f"readiness: {error}", err=True)
        sys.exit(FAILED)


@main.command()
@click.option("--file", metavar="REVIEW.yaml", help="Where the reviews are; absent: among the manifests.")
@click.option("--manifests", "flagged", metavar="PATH...", multiple=True, help="Files, folders, or - for stdin.")
@click.argument("paths", metavar="", nargs=-1)
@click.option("--now", "instant", metavar="RFC3339", help="Judge as of this instant; absent: now.")
@click.option("--namespace", default="default", show_default=True, help="Of objects that name none.")
@click.option("--settings", "settings_file", type=click.Path(path_type=Path), metavar="FILE", help="As for run.")
@click.option("--output", "-o", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True)
def review(
    file: str | None,
    flagged: tuple[str, ...],
    paths: tuple[str, ...],
    instant: str | None,
    namespace: str,
    settings_file: Path | None,
    output: str,
) -> None:
    """Judge reviews over YAML files, without a cluster.

    Several paths may follow --manifests, as a shell expands them. What the files do not hold counts as seen and empty.

    Exit code 0: every review is certified; 1: at least one is not; 2: bad input, each problem with its place.
    """
    if not (flagged or paths):
        raise click.UsageError("Missing option '--manifests'.")
    settings, now = _settings(settings_file, {}), _instant(instant)
    from readiness.collectors.sources import Reader  # noqa: PLC0415  # see above
    from readiness.runtime import offline  # noqa: PLC0415

    reader = Reader(sys.stdin.buffer.read)
    named = reader.read([file]) if file is not None else None
    given = offline.Input(reader.read([*flagged, *paths]), named, namespace, now, tuple(reader.problems))
    answers = offline.review(given, settings)
    notes = [f"{reader.skipped} Helm test hooks are passed over"] if reader.skipped else []
    _tell([*notes, *answers.notes])
    if answers.problems:
        _bad_input(answers.problems)
    _tell(f"a check failed by a defect of its own: {raised}" for one in answers.reviews for raised in one.raised)
    _show(answers.reviews, output)
    sys.exit(0 if all(one.certified for one in answers.reviews) else NOT_CERTIFIED)


@main.command()
def crds() -> None:
    """Print the CustomResourceDefinitions, for kubectl apply -f -."""
    from readiness.api import crd  # noqa: PLC0415  # see above
    from readiness.outputs import documents  # noqa: PLC0415

    _print("".join(f"---\n{documents.text(one)}" for one in crd.documents()))


def _show(answered: Iterable["Answered"], output: str) -> None:
    from readiness.outputs import documents, terminal  # noqa: PLC0415  # see above

    listing = {"apiVersion": "v1", "kind": "List", "items": [one.object for one in answered]}
    if output == "json":
        _print(json.dumps(listing, indent=2) + "\n")
    elif output == "yaml":
        _print(documents.text(listing))
    else:
        # Nothing is wrapped in a pipe: a finding is then one line, for grep and for logs that wrap by themselves.
        wrapping = sys.stdout.isatty() or "COLUMNS" in os.environ
        width = shutil.get_terminal_size().columns if wrapping else None
        pages = ("\n".join(terminal.lines(one.object, one.status, width)) for one in answered)
        _print("\n\n".join(pages) + "\n", colour=False if os.environ.get("NO_COLOR") else None)


def _settings(file: Path | None, flags: dict[str, Any]) -> "Settings":
    from readiness.runtime import settings  # noqa: PLC0415  # see above

    try:
        return settings.load(file, flags, os.environ)
    except settings.WrongSettings as error:
        _bad_input(str(error).splitlines())


def _instant(text: str | None) -> "datetime":
    from datetime import UTC, datetime  # noqa: PLC0415  # see above

    from readiness.api.v1alpha1 import instants  # noqa: PLC0415

    try:
        return instants.parse(text) if text is not None else datetime.now(UTC)
    except ValueError as error:
        _bad_input([f"--now: {error}"])


def _print(text: str, *, colour: bool | None = None) -> None:
    """In UTF-8 whatever the locale: a message may hold any character, and JSON and YAML have no other encoding."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    click.echo(text, nl=False, color=colour)


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(f"readiness: {note}", err=True)


def _bad_input(problems: Iterable[str]) -> NoReturn:
    _tell(problems)
    sys.exit(BAD_INPUT)
