"""
The tables of indicators and alerts in docs/operations.md, from deploy/samples/alerts.yaml: what is checked by promtool is
what people read.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from hack import blocks

ROOT: Final = Path(__file__).resolve().parent.parent
RULES: Final = ROOT / "deploy" / "samples" / "alerts.yaml"
PAGE: Final = "docs/operations.md"
COMMAND: Final = "python -m hack.generate"
MEANS: Final = {
    "readiness:reviews_certified:ratio": "The share of reviews that are certified.",
    "readiness:reviews_unknown:ratio": "The share of reviews of which it is not known whether they are ready.",
    "readiness:event_to_status_seconds:p99": "From a change of evidence to the status that tells of it, at the 99th percentile.",
    "readiness:event_to_status_within_3s:ratio": "The share of changes that are told within 3s.",
    "readiness:watch_silence_seconds:max": "How long the most silent watch of each resource has said nothing; a minute is usual, "
    "`staleAfter` the bound.",
    "readiness:status_writes_failed:ratio": "The share of writes that the API server refused for good.",
    "readiness:verdict_age_seconds:max": "The age of the oldest verdict that certifies something; about a third of `validFor` "
    "at most, or up to the next change.",
}


def pages() -> Iterator[tuple[str, str]]:
    """The page with both tables renewed."""
    rules = [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    page = blocks.replaced(page, "indicators", COMMAND, indicators([one for one in rules if "record" in one]))
    yield PAGE, blocks.replaced(page, "alerts", COMMAND, alerts([one for one in rules if "alert" in one]))


def indicators(rules: list[Mapping[str, Any]]) -> str:
    """What each says, and the expressions to copy."""
    rows = [f"| `{one['record']}` | {MEANS[one['record']]} |" for one in rules]
    table = "\n".join(["| recorded as | what it says |", "|---|---|", *rows])
    return f"{table}\n\n{_expressions((one['record'], one['expr']) for one in rules)}"


def alerts(rules: list[Mapping[str, Any]]) -> str:
    """What each means, and the expressions to copy."""
    rows = [
        f"| {one['alert']} | {one['labels']['severity']}, {_after(one)} "
        f"| {' '.join(one['annotations']['description'].split())} |"
        for one in rules
    ]
    table = "\n".join(["| alert | severity | what it means, what to do |", "|---|---|---|", *rows])
    return f"{table}\n\n{_expressions((one['alert'], one['expr']) for one in rules)}"


def _after(rule: Mapping[str, Any]) -> str:
    return f"after {rule['for']}" if "for" in rule else "at once"


def _expressions(named: Iterable[tuple[str, str]]) -> str:
    told = "\n\n".join(f"# {name}\n{expression.strip()}" for name, expression in named)
    return f"```promql\n{told}\n```"
