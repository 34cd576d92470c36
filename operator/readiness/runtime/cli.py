"""
The command line: thin doors to the operator, to stored and offline reviews, to the kinds and to the CRDs.

Whatever is wrong with what was given is said on standard error, a line each, and ends with exit code 2. Each command
imports what it needs by itself: `readiness --version` must not wait for the operator's libraries.
"""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from readiness import __version__
from readiness.runtime import console

if TYPE_CHECKING:
    from datetime import datetime

    from readiness.runtime.offline import Answered
    from readiness.runtime.settings import Settings

PLUGIN: Final = "kubectl-readiness"
"""The name under which kubectl finds this program as `kubectl readiness`."""


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
        if prog_name is None and Path(sys.argv[0]).stem == PLUGIN:
            prog_name = PLUGIN.replace("-", " ")
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(console.BAD_INPUT)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "readiness"
            console.bad_input([f"{error.format_message()} (see {command} --help)"])
        except click.ClickException as error:
            console.bad_input([error.format_message()])
        except click.Abort:
            sys.exit(console.INTERRUPTED)
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
        sys.exit(console.FAILED)


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
    console.tell([*notes, *answers.notes])
    if answers.problems:
        console.bad_input(answers.problems)
    console.tell(f"a check failed by a defect of its own: {raised}" for one in answers.reviews for raised in one.raised)
    _show(answers.reviews, output)
    sys.exit(0 if all(one.certified for one in answers.reviews) else console.NOT_CERTIFIED)


@main.command()
@click.argument("name", required=False)
@click.option("--namespace", "-n", metavar="NAMESPACE", help="Where to look; absent: the context's namespace.")
@click.option("--all-namespaces", "-A", "everywhere", is_flag=True, help="Show the reviews of every namespace.")
@click.option("--watch", "-w", "follow", is_flag=True, help="Go on, and show each change; Ctrl-C ends it.")
@click.option("--kubeconfig", metavar="FILE", help="As for kubectl; absent: $KUBECONFIG, or ~/.kube/config.")
@click.option("--context", metavar="NAME", help="As for kubectl; absent: the kubeconfig's current one.")
@click.pass_context
def status(
    ctx: click.Context,
    name: str | None,
    namespace: str | None,
    everywhere: bool,
    follow: bool,
    kubeconfig: str | None,
    context: str | None,
) -> None:
    """Show stored reviews: may it go out; if not, why not.

    Without NAME a line for each review, and what stands between it and a certificate; with NAME all about that one:
    areas, expectations, findings since when and what to do. A certificate that has expired, or that is about an older
    generation, is shown as such and is none.

    Exit code 0: every review shown is certified now; 1: at least one is not; 2: there is no answer, and why.
    """
    if everywhere and (namespace or name):
        raise click.UsageError(f"--all-namespaces goes without {'--namespace' if namespace else 'NAME'}.")
    from readiness.runtime import status as stored  # noqa: PLC0415  # kubernetes, aiohttp: see above

    program = ctx.find_root().command_path
    try:
        certified = stored.show(stored.Asked(program, name, namespace, everywhere, follow, kubeconfig, context))
    except stored.CannotShow as error:
        console.bad_input([str(error)])
    sys.exit(0 if certified else console.NOT_CERTIFIED)


@main.command()
@click.argument("named", metavar="[KIND]...", nargs=-1)
def explain(named: tuple[str, ...]) -> None:
    """Explain a kind: what it checks, its parameters, its reasons.

    These are the kinds of expectations that stand under `check` in a review; without KIND they are listed. Each reason is
    told with what to do about it.
    """
    from readiness.expectations import table  # noqa: PLC0415  # see above
    from readiness.outputs import explanation, manual  # noqa: PLC0415

    every = {kind.name: kind for kind in table.TABLE}
    reasons = {kind.name: kind.reasons for kind in table.TABLE}
    if wrong := [manual.unknown(one, reasons) for one in named if one not in every]:
        console.bad_input(wrong)
    width = min(console.width() or console.READABLE, console.READABLE)
    pages = [manual.lines(explanation.of(every[one]), explanation.shared(), width) for one in dict.fromkeys(named)]
    pages = pages or [manual.kinds(map(explanation.of, table.TABLE), width)]
    console.put("\n\n".join("\n".join(page) for page in pages) + "\n")


@main.command()
def crds() -> None:
    """Print the CustomResourceDefinitions, for kubectl apply -f -."""
    from readiness.api import crd  # noqa: PLC0415  # see above
    from readiness.outputs import documents  # noqa: PLC0415

    console.put("".join(f"---\n{documents.text(one)}" for one in crd.documents()))


def _show(answered: Iterable["Answered"], output: str) -> None:
    from readiness.outputs import documents, terminal  # noqa: PLC0415  # see above

    listing = {"apiVersion": "v1", "kind": "List", "items": [one.object for one in answered]}
    if output == "json":
        console.put(json.dumps(listing, indent=2) + "\n")
    elif output == "yaml":
        console.put(documents.text(listing))
    else:
        pages = ("\n".join(terminal.lines(one.object, one.status, console.width())) for one in answered)
        console.put("\n\n".join(pages) + "\n")


def _settings(file: Path | None, flags: dict[str, Any]) -> "Settings":
    from readiness.runtime import settings  # noqa: PLC0415  # see above

    try:
        return settings.load(file, flags, os.environ)
    except settings.WrongSettings as error:
        console.bad_input(str(error).splitlines())


def _instant(text: str | None) -> "datetime":
    from datetime import UTC, datetime  # noqa: PLC0415  # see above

    from readiness.api.v1alpha1 import instants  # noqa: PLC0415

    try:
        return instants.parse(text) if text is not None else datetime.now(UTC)
    except ValueError as error:
        console.bad_input([f"--now: {error}"])
