"""Every right that ships is needed: the operator is run once without each verb, and something definite is missing then.

Each case has an account of its own with the shipped role less one verb. Operators that wait most of their time run side
by side, each for its own namespace; a test only asks what became of its case.
"""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import pytest

from hack.localcluster import Cluster
from readiness.api import crd
from readiness.collectors.clock import Timing
from readiness.evidence.resources import CRDS
from readiness.evidence.seen import Unseen, Why
from tests.cluster.history import History
from tests.cluster.kube import Kube, eventually
from tests.cluster.running import Running
from tests.conftest import control_plane
from tests.deploy import everything
from tests.deploy.accounts import Accounts, Pair
from tests.deploy.lacking import EVIDENCE, LOST, OF_ITS_OWN, OWN, PAIRS, PATIENCE, Space, answer, check
from tests.deploy.rendering import NAMESPACE, ROOT

pytestmark = pytest.mark.cluster

HOURS: Final = Timing(
    refused_first=7200.0, refused_cap=7200.0, backoff_first=0.1, refused_doubt=1.0, discovery_poll=3600.0
)
"""What is not watched is not found by asking again either, within a test."""
SIDE_BY_SIDE: Final = 6
SEALED: Final = "sealedsecrets.bitnami.com"


def called(pair: Pair) -> str:
    return f"{pair[1]} {pair[0]}"


# --- what all cases share


@pytest.fixture(scope="module")
def kube() -> Iterator[Kube]:
    """A control plane of its own: definitions of others are installed, which other tests count on being absent."""
    with control_plane(controllers=False) as plane:
        for name in (NAMESPACE, everything.VELERO):
            plane.kubectl("create", "namespace", name)
        plane.kubectl("apply", "--server-side", "--filename=-", input="\n---\n".join(map(json.dumps, crd.documents())))
        plane.kubectl("apply", "--server-side", f"--filename={ROOT / 'hack' / 'crds'}")
        plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        kube = Kube(plane)
        everything.prepare(kube)
        yield kube


@pytest.fixture(scope="module")
def history(kube: Kube) -> Iterator[History]:
    followed = History(kube)
    yield followed
    followed.stop()


@pytest.fixture(scope="module")
def accounts(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    return Accounts(kube, tmp_path_factory.mktemp("accounts"))


@pytest.fixture(scope="module")
def spaces(kube: Kube, history: History) -> list[Space]:
    made = [Space(kube, history, f"team-{number}") for number in range(SIDE_BY_SIDE)]
    for space in made:
        everything.fill(kube, space.name)
    return made


@pytest.fixture(scope="module")
def full(accounts: Accounts, spaces: list[Space]) -> Path:
    """The access with the whole role. Without a right it proves nothing unless all is well with every right."""
    kubeconfig = accounts.kubeconfig()
    space = spaces[0]
    created = space.create("whole")
    with space.operator(kubeconfig, watch_namespaces=()) as operator:
        certified = space.green("whole")
        expectations = [one for area in certified["status"]["areas"] for one in area["expectations"]]
        assert {one["outcome"] for one in expectations} == {"Met"}
        assert {one["name"] for one in expectations} >= set(LOST.values())
        eventually(lambda: space.kube.list(space.events), "it is told")
        operator.await_ready()
    space.kube.delete(created)
    return kubeconfig


@pytest.fixture(scope="module")
def cases(
    request: pytest.FixtureRequest, full: Path, accounts: Accounts, spaces: list[Space]
) -> Iterator[dict[Pair, "Future[None]"]]:
    """Every case that was asked for, under way."""
    del full  # it has shown that the world is as it should be
    chosen = [item.callspec.params["pair"] for item in request.session.items if _is_case(item)]  # type: ignore[attr-defined]
    free: SimpleQueue[Space] = SimpleQueue()
    for space in spaces:
        free.put(space)

    def run(pair: Pair) -> None:
        space = free.get()
        try:
            name = called(pair).replace(" ", "-").replace("/", "-")
            review = space.create(name)
            try:
                check(space, name, pair, accounts.kubeconfig(pair))
            finally:
                space.kube.delete(review)
        finally:
            free.put(space)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        started = {pair: pool.submit(run, pair) for pair in chosen}
        yield started
        pool.shutdown(wait=True, cancel_futures=True)


def _is_case(item: pytest.Item) -> bool:
    return item.path == Path(__file__) and getattr(item, "originalname", "") == "test_without"


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair[0] != CRDS.name], ids=called)
def test_without(cases: dict[Pair, "Future[None]"], pair: Pair) -> None:
    cases[pair].result(4 * PATIENCE)


def test_every_right_has_a_check() -> None:
    assert LOST.keys() == {resource for resource, _ in EVIDENCE}
    assert OF_ITS_OWN.keys() == {pair for pair in PAIRS if pair[0] in OWN}
    assert {verb for resource, verb in PAIRS if resource == CRDS.name} == {"list", "watch"}


# --- definitions


@pytest.fixture(scope="module")
def installed_later(
    cases: dict[Pair, "Future[None]"], full: Path, accounts: Accounts, spaces: list[Space]
) -> dict[str, str]:
    """A definition is installed while three operators run: what each then says of what needs it."""
    wait(cases.values())
    plane: Cluster = spaces[0].kube.cluster
    file = f"--filename={ROOT / 'hack' / 'crds' / 'bitnami.com_sealedsecrets.yaml'}"
    rights = {"": full, **{verb: accounts.kubeconfig((CRDS.name, verb)) for verb in ("list", "watch")}}
    plane.kubectl("delete", file, "--wait=true")
    served = dict(zip(rights, spaces, strict=False))
    with ExitStack() as stack:
        absent = f"{SEALED} is not served"
        running = {}
        for verb, space in served.items():
            space.create("later")
            running[verb] = stack.enter_context(space.operator(rights[verb], timing=HOURS))
        for verb, space in served.items():
            space.lost("later", "synced", absent)
            if verb:
                eventually(lambda verb=verb: _refused(running[verb]), "definitions are refused")  # type: ignore[misc]
        plane.kubectl("apply", "--server-side", file)
        space = served[""]
        space.history.wait(
            space.name, "later", lambda one: absent not in answer(one, "synced")[1], "it is noticed", PATIENCE
        )
        return {verb: answer(space.get("later"), "synced")[1] for verb, space in served.items()}


def _refused(operator: Running) -> bool:
    unseen = operator.operator._crds.store.unseen
    return isinstance(unseen, Unseen) and unseen.reason is Why.FORBIDDEN


@pytest.mark.parametrize("verb", ["list", "watch"])
def test_without_definitions(installed_later: dict[str, str], verb: str) -> None:
    """What is installed later is then not noticed before somebody asks again, once a minute."""
    assert f"{SEALED} is not served" not in installed_later[""]
    assert f"{SEALED} is not served" in installed_later[verb]
