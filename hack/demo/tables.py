"""The tables at the end: the areas as the status has them, and how long each step took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .view import Json, View

AREA_HEAD = ("EXPECTATION", "KIND", "OUTCOME", "REASON", "SUBJECTS")


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, two spaces between them."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def areas(view: View) -> str:
    """Every area with its expectations, as the review lists them."""
    rows: list[Sequence[str]] = [AREA_HEAD]
    titles: dict[int, str] = {}
    answers = {area["name"]: area for area in view.status["areas"]}
    for area in view.review["spec"]["areas"]:
        answer = answers[area["name"]]
        owner = area.get("owner", view.review["spec"]["owner"])
        titles[len(rows)] = f"{area.get('title', area['name'])}: {answer['outcome']} (owner {owner})"
        rows.append(("", "", "", "", ""))
        wanted = {one["name"]: one for one in area["expectations"]}
        rows += [_expectation(wanted[one["name"]], one) for one in answer["expectations"]]
    lines = aligned(rows).splitlines()
    for number, title in titles.items():
        lines[number] = title
    return "\n".join(lines)


def _expectation(wanted: Json, answer: Json) -> Sequence[str]:
    kind = next(iter(wanted["check"]))
    advisory = " (advisory)" if wanted.get("severity") == "Advisory" else ""
    return f"  {answer['name']}", kind, answer["outcome"] + advisory, answer["reason"], ", ".join(_counts(answer))


def _counts(answer: Json) -> Iterator[str]:
    """A met entry carries its counts itself, any other in `counts`."""
    counts = answer.get("counts", answer)
    for name in ("met", "unmet", "unknown", "excepted"):
        if counts.get(name):
            yield f"{counts[name]} {name}"


def steps(rows: Sequence[tuple[str, str, float | None, float]], total: float, paused: float) -> str:
    """What was done, what came of it, how soon, and how long the whole step took."""
    table: list[Sequence[str]] = [("STEP", "VERDICT", "SEEN AFTER", "STEP TOOK")]
    for step, verdict, latency, took in rows:
        table.append((step, verdict, "" if latency is None else f"{latency:5.1f} s", f"{took:5.1f} s"))
    if paused:
        table.append(("pauses to read", "", "", f"{paused:5.1f} s"))
    table.append(("in all", "", "", f"{total:5.1f} s"))
    return aligned(table)
