"""The command line as a function, and the smallest files that it judges."""

from pathlib import Path

from click.testing import CliRunner, Result

from readiness.runtime import cli

NOW = "2026-11-21T10:00:00Z"

REVIEW = """\
apiVersion: readiness.dev/v1alpha1
kind: ReadinessReview
metadata: {name: shop}
spec:
  owner: team-shop
  areas:
  - name: deployment
    expectations:
    - {name: probes, check: {probes: {}}}
"""

GOOD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: web
        image: example.com/web:1
        livenessProbe: {httpGet: {path: /, port: 8080}}
        readinessProbe: {httpGet: {path: /, port: 8080}}
"""

BAD = GOOD.replace("name: api}", "name: worker}", 1).replace("        readinessProbe", "        startupProbe")


def run(*args: object, stdin: str | bytes | None = None, env: dict[str, str] | None = None) -> Result:
    """One call; what it raises is raised here, save its exit code."""
    runner = CliRunner(env={"COLUMNS": None, **(env or {})})
    found = runner.invoke(cli.main, [str(arg) for arg in args], input=stdin, prog_name="readiness")
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def review(*args: object, stdin: str | bytes | None = None) -> Result:
    return run("review", "--now", NOW, *args, stdin=stdin)


def written(folder: Path, **texts: str) -> dict[str, Path]:
    """Files by name, each `<name>.yaml`."""
    made = {name: folder / f"{name}.yaml" for name in texts}
    for name, text in texts.items():
        made[name].write_text(text)
    return made
