"""
What must hold of every version of every status, whatever the test is about.

The tests hand over each version that a watching client saw; so a rule that is broken for a moment is seen too.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.cluster.history import condition, line
from tests.cluster.kube import Json

OWN: Final = {"Ready", "Reconciling", "Stalled", "EvidenceFresh"}
WITHOUT_AREAS: Final = {"InvalidSpec", "InternalError", "Pending"}
UNJUDGED: Final = {"Evaluating", "Suspended", "Deleting", "CertificateExpired"}
MANAGER: Final = "readiness-operator"


def violations(versions: list[Json], by_hand: set[str]) -> Iterator[str]:
    """`versions` of one review in order; `by_hand` are resourceVersions whose status a test wrote itself."""
    before: Json | None = None
    for version in versions:
        meta, status = version["metadata"], version.get("status", {})
        if before is not None and before["metadata"]["uid"] != meta["uid"]:
            before = None
        observed = status.get("observedGeneration", -1)
        inherited = version is versions[0] and observed != meta["generation"]  # written before anybody watched
        changed = not inherited and (before is None or before.get("status") != status)
        ours = observed >= 0 and meta["resourceVersion"] not in by_hand
        if changed and ours:
            for said in (*_shape(version), *_meaning(version), *_transitions(before, version)):
                yield f"{said}\n    {line(version)}"
        before = version


def _shape(version: Json) -> Iterator[str]:
    status = version["status"]
    conditions: list[Json] = status["conditions"]
    found = [one["type"] for one in conditions]
    if status["observedGeneration"] != version["metadata"]["generation"]:
        yield "a status was written upon a generation that it is not about"
    for one in conditions:
        if one.get("observedGeneration") != status["observedGeneration"]:
            yield f"{one['type']} is about another generation than the status"
        if one["type"] != "Ready" and one["type"].lower() == "ready":
            yield f"{one['type']} can be taken for Ready"
    if len(found) != len(set(found)):
        yield "a condition occurs twice"
    if {"Reconciling", "Stalled"} <= set(found):
        yield "Reconciling and Stalled at once"
    for mood in ("Reconciling", "Stalled"):
        if mood in found and condition(version, mood)["status"] != "True":
            yield f"{mood} is present and not True"
    areas = {one for one in found if one not in OWN}
    wanted = {_condition_type(area["name"]) for area in version["spec"]["areas"]}
    if condition(version)["reason"] in WITHOUT_AREAS:
        wanted = set()
    if areas != wanted:
        yield f"areas {areas} instead of {wanted}"


def _meaning(version: Json) -> Iterator[str]:
    status, ready = version["status"], condition(version)
    fresh = condition(version, "EvidenceFresh")
    green = ready["status"] == "True"
    moods = {"Reconciling", "Stalled"} & {one["type"] for one in status["conditions"]}
    if green != ("validUntil" in status):
        yield "validUntil and Ready=True go together"
    if green and moods:
        yield f"certified and {moods}"
    if green and (version["spec"].get("suspend") or version["metadata"].get("deletionTimestamp")):
        yield "certified although suspended or being deleted"
    if green and instant(status["validUntil"]) <= datetime.now(UTC) - timedelta(hours=25):
        yield "certified until long ago"
    if not green and not moods and ready["reason"] not in {"Suspended", "Deleting", "Pending"}:
        yield "not ready, and neither Reconciling nor Stalled"
    if ready["reason"] in UNJUDGED and any(
        one["status"] != "Unknown" or one["reason"] != ready["reason"]
        for one in status["conditions"]
        if one["type"] not in OWN
    ):
        yield "an area that was not judged says more than that"
    for area in status.get("areas", []):
        for one in area["expectations"]:
            harmless = one["outcome"] in {"Met", "NotApplicable"} or one.get("severity") == "Advisory"
            held = fresh.get("status") == "False" and one["outcome"] == "Unknown"
            if green and not harmless and not held:
                yield f"certified although {one['name']} is {one['outcome']}"


def _transitions(before: Json | None, version: Json) -> Iterator[str]:
    if before is None or before.get("status", {}).get("observedGeneration", -1) < 0:
        return
    for one in version["status"]["conditions"]:
        then = condition(before, one["type"])
        moved = then and then["lastTransitionTime"] != one["lastTransitionTime"]
        if moved and then["status"] == one["status"]:
            yield f"lastTransitionTime of {one['type']} moved although its status did not flip"
        if then and instant(one["lastTransitionTime"]) < instant(then["lastTransitionTime"]):
            yield f"lastTransitionTime of {one['type']} went back"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _condition_type(area: str) -> str:
    return "".join(word.capitalize() for word in area.split("-")) + "Ready"
