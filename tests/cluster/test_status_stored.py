"""`readiness status` on a real API server whose operator is gone: what was written stays, and counts only so long."""

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hack.localcluster import Cluster
from tests.cluster.asking import COMMAND, Following, certificate, environment, grant, outsider, status
from tests.cluster.conftest import Space
from tests.cluster.kube import eventually
from tests.cluster.objects import review
from tests.cluster.proxy import Proxy, free_port
from tests.conftest import control_plane

pytestmark = pytest.mark.cluster


def test_a_spec_that_nobody_judged_is_not_certified(cluster: Cluster, space: Space) -> None:
    """No operator runs: what it wrote once stays, and counts no more."""
    written = space.apply(review())
    unseen = status(cluster.kubeconfig, "prod", "-n", space.name)
    assert (unseen.exit_code, "no operator has judged it" in unseen.stdout) == (1, True)
    space.write_status(written, certificate("2999-01-01T00:00:00Z"))
    assert status(cluster.kubeconfig, "prod", "-n", space.name).exit_code == 0
    space.merge(written, {"spec": {"owner": "another"}})
    outdated = status(cluster.kubeconfig, "prod", "-n", space.name)
    assert outdated.exit_code == 1
    assert "outdated\n  judged at generation 1, it is now 2: wait for the next verdict\n" in outdated.stdout
    space.by_hand.add(space.get()["metadata"]["resourceVersion"])


def test_what_is_in_the_way_is_said_in_a_line(space: Space, cluster: Cluster, tmp_path: Path) -> None:
    nobody, nowhere = outsider(cluster, space), tmp_path / "nowhere"
    server = next(line for line in cluster.kubeconfig.read_text().splitlines() if "server:" in line)
    nowhere.write_text(cluster.kubeconfig.read_text().replace(server, f"    server: https://127.0.0.1:{free_port()}"))
    stranger = tmp_path / "stranger"
    token = next(line for line in cluster.kubeconfig.read_text().splitlines() if "token:" in line)
    stranger.write_text(cluster.kubeconfig.read_text().replace(token, "    token: nonsense"))
    inside = ("-n", space.name)
    cases: list[tuple[Path, tuple[str, ...], str]] = [
        (cluster.kubeconfig, ("typo", *inside), f'no review "typo" in namespace {space.name}: see readiness status -A'),
        (cluster.kubeconfig, inside, f"no reviews in namespace {space.name}: name another with -n, or see all with -A"),
        (cluster.kubeconfig, ("typo", "-w", *inside), f'no review "typo" in namespace {space.name}'),
        (cluster.kubeconfig, ("../pods", *inside), '"../pods" is no name'),
        (cluster.kubeconfig, ("-n", "a/b"), '"a/b" is no name'),
        (nobody, inside, "not permitted: readinessreviews.readiness.dev is forbidden: "),
        (nobody, inside, ": ask for list on readinessreviews.readiness.dev"),
        (nobody, ("prod", *inside), ": ask for get on readinessreviews.readiness.dev"),
        (nobody, ("prod", "-w", *inside), ": ask for get, list and watch on readinessreviews.readiness.dev"),
        (nobody, ("-A",), "; or name a namespace with -n"),
        (nowhere, inside, "cannot reach the API server at https://127.0.0.1:"),
        (stranger, inside, "Unauthorized: see --kubeconfig and --context"),
    ]
    for kubeconfig, args, said in cases:
        found = status(kubeconfig, *args)
        assert (found.exit_code, found.stdout, len(found.stderr.splitlines())) == (2, "", 1), found
        assert found.stderr.startswith("readiness: ")
        assert said in found.stderr


def test_a_right_to_read_one_review_is_enough_for_it(space: Space, cluster: Cluster) -> None:
    nobody = outsider(cluster, space)
    space.apply(review())
    grant(space, ["get"], ["prod"])
    eventually(lambda: status(nobody, "prod", "-n", space.name).exit_code == 1, "permitted")
    assert status(nobody, "-n", space.name).exit_code == 2


def test_a_cluster_without_our_definitions_is_told_from_one_without_reviews() -> None:
    with control_plane(controllers=False) as bare:
        for args in (("prod",), (), ("-A",), ("-w",)):
            found = status(Path(bare.kubeconfig), *args)
            assert (found.exit_code, found.stdout) == (2, "")
            assert found.stderr == (
                "readiness: this cluster knows no ReadinessReviews: apply the CRDs (readiness crds | kubectl apply -f -)\n"
            )


def test_a_dropped_watch_and_an_absent_server_are_survived(
    space: Space, proxy: Proxy, cluster: Cluster, tmp_path: Path
) -> None:
    written = space.apply(review())
    space.write_status(written, certificate("2999-01-01T00:00:00Z"))
    with Following(proxy.kubeconfig(cluster.kubeconfig, tmp_path), "prod", "-n", space.name) as seen:
        seen.says(r"prod  certified \(Certified\)")
        proxy.refuse()
        try:
            seen.says("prod  out of contact\n  no contact with the API server")
            space.write_status(written, certificate("2998-01-01T00:00:00Z"))
        finally:
            proxy.accept()
        seen.says(r"prod  certified \(Certified\)[^$]*valid until 2998")
        proxy.cut()
        space.write_status(written, certificate("2997-01-01T00:00:00Z"))
        seen.says(r"prod  certified \(Certified\)[^$]*valid until 2997")
        assert seen.interrupt()[0] == 130


def test_a_certificate_that_runs_out_is_shown_without_an_event(space: Space, cluster: Cluster) -> None:
    written = space.apply(review())
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 15))
    space.write_status(written, certificate(until))
    with Following(cluster.kubeconfig, "-n", space.name) as seen:
        seen.says("prod  certified  ")
        version = space.get()["metadata"]["resourceVersion"]
        seen.says(f"prod  expired\n    expired at {until}")
        assert space.get()["metadata"]["resourceVersion"] == version
        assert seen.text.count("prod  expired") == 1


def test_a_terminal_shows_the_newest_page_alone(space: Space, cluster: Cluster) -> None:
    space.apply(review())
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "-w", "-n", space.name],
        stdout=theirs,
        stderr=theirs,
        env=environment(cluster.kubeconfig),
        start_new_session=True,
    )
    os.close(theirs)
    shown = ""
    try:
        while "0 of 1 certified" not in shown:
            shown += os.read(mine, 10_000).decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    finally:
        process.kill()
        process.wait(10)
        os.close(mine)
    assert shown.startswith("\x1b[2J")
