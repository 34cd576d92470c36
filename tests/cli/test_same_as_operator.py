"""The offline status is the one that the operator's own judge would write of the same objects."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.api import crd
from readiness.collectors.access import Gate
from readiness.collectors.clock import ServerClock
from readiness.collectors.files import FileWorld
from readiness.collectors.sources import Reader
from readiness.evidence.seen import Seen, Unseen
from readiness.outputs import conditions
from readiness.runtime import offline
from readiness.runtime.barrier import Passed
from readiness.runtime.judge import Case, Judge, Judged
from readiness.runtime.register import Register
from readiness.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
INPUTS = {
    "golden": (ROOT / "tests/cli/golden/input.yaml", [ROOT / "tests/cli/golden/input.yaml"], "default"),
    "demo": (ROOT / "deploy/samples/review.yaml", [ROOT / "hack/demo/platform"], "features"),
}


class _Watches:
    """Every watch has seen what there is."""

    def __init__(self, world: FileWorld) -> None:
        self._world = world

    def need(self, uid: str, needs: object) -> None:
        """Nothing is started."""

    def where(self, resource: Any, _namespace: str) -> tuple[Any, str]:
        return resource, ""

    def state(self, watched: tuple[Any, str]) -> Seen[datetime] | Unseen:
        return self._world.inventory.state(watched[0], "")


class _Barrier:
    """Passed at once."""

    def ask(self, *_: object) -> Passed:
        return Passed()

    def forget(self, uid: str) -> None:
        """Nothing is kept."""


@pytest.mark.parametrize("name", INPUTS)
def test_the_status_is_what_the_operator_writes(name: str) -> None:
    file, paths, namespace = INPUTS[name]
    [answered] = _offline(file, paths, namespace)
    status = _as_stored(answered.object)
    judged = _operators(status, paths, namespace)
    assert answered.object["status"] == judged
    assert judged["areas"]


def _offline(file: Path, paths: list[Path], namespace: str) -> tuple[offline.Answered, ...]:
    reader = Reader(lambda _: b"")
    named = reader.read([str(file)])
    given = offline.Input(reader.read(map(str, paths)), named, namespace, NOW, tuple(reader.problems))
    answers = offline.review(given, Settings())
    assert not answers.problems
    return answers.reviews


def _as_stored(item: dict[str, Any]) -> dict[str, Any]:
    """As the API server answers it right after it was created: with the schema's default for a status."""
    [document] = crd.documents()
    default = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    meta = {"uid": "1", "resourceVersion": "5", **item["metadata"]}
    return {**item, "metadata": meta, "status": default}


def _operators(stored: dict[str, Any], paths: list[Path], namespace: str) -> dict[str, Any]:
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.glob("*.yaml")))]
    world = FileWorld(NOW, namespace=namespace)
    for file in files:
        for document in yaml.load_all(file.read_text(), Loader=_Json):
            if document:
                world.add(document)
    entry = Register().put(stored)
    assert entry is not None
    clock = ServerClock(lambda: NOW, lambda: 0.0)
    judge = Judge(
        Gate(world.sealed()),
        _Watches(world),  # type: ignore[arg-type]
        _Barrier(),  # type: ignore[arg-type]
        clock,
        hold_for=timedelta(minutes=15),
        uptime=lambda: 1000.0,
    )
    judged = asyncio.run(judge.judge(Case("1"), entry))
    assert isinstance(judged, Judged)
    return conditions.render(judged.verdict, entry.stored(), NOW).dump()


class _Json(yaml.SafeLoader):
    """Times stay text, as in JSON."""


_Json.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
