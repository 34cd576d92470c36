"""`readiness status` on a real API server while a real operator judges."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from hack.localcluster import Cluster
from tests.cluster.asking import COMMAND, Following, edited, environment, status
from tests.cluster.conftest import Space
from tests.cluster.objects import deployment, review
from tests.cluster.running import Running

pytestmark = pytest.mark.cluster


def test_what_the_operator_wrote_is_shown(running: Running, space: Space, cluster: Cluster, tmp_path: Path) -> None:
    del running
    space.apply(deployment("api"))
    space.apply(deployment("worker", good=False))
    space.apply(review(owner="team-orders"))
    space.ready("False", "BlockingFindings")
    red = status(cluster.kubeconfig, "prod", "-n", space.name)
    assert (red.exit_code, red.stderr) == (1, "")
    assert red.stdout.startswith(f"{space.name}/prod  not ready (BlockingFindings) since 20")
    assert "Deployment/worker (container app): no livenessProbe and no readinessProbe: declare under" in red.stdout
    assert "readiness explain probes nonRoot" in red.stdout
    assert "\x1b" not in red.stdout
    space.apply(deployment("worker"))
    space.ready("True", "Certified")
    green = status(cluster.kubeconfig, "-n", space.name)
    assert (green.exit_code, green.stderr) == (0, "")
    assert re.match(
        rf"{space.name}/prod  certified +2/2 met, valid until \S+Z \(\w+ left\)\n\n1 of 1 cert", green.stdout
    )
    everywhere = status(cluster.kubeconfig, "-A")
    assert f"{space.name}/prod" in everywhere.stdout
    # The namespace of the context, as for kubectl.
    here = edited(cluster.kubeconfig, tmp_path, namespace=space.name)
    assert status(here, "prod").stdout.startswith(f"{space.name}/prod  certified (Certified) since 20")
    assert status("/none", "--kubeconfig", str(here), "prod").exit_code == 0
    other = edited(cluster.kubeconfig, tmp_path, namespace=space.name)
    content = yaml.safe_load(other.read_text())
    content["contexts"][0]["name"] = "other"
    content["current-context"] = ""
    other.write_text(yaml.safe_dump(content))
    assert status(f"{other}:{cluster.kubeconfig}", "--context", "other", "prod").exit_code == 0
    assert status(f"{here}:{other}", "prod").exit_code == 0, "the first current context counts"
    assert status(other, "--context", "typo", "prod").exit_code == 2


def test_colours_are_on_a_terminal_only(running: Running, space: Space, cluster: Cluster) -> None:
    del running
    space.apply(deployment("api"))
    space.apply(review())
    space.ready("True", "Certified")
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "prod", "-n", space.name],
        stdout=theirs,
        stderr=subprocess.STDOUT,
        env=environment(cluster.kubeconfig),
    )
    os.close(theirs)
    assert process.wait(30) == 0
    shown = os.read(mine, 100_000).decode()
    os.close(mine)
    assert "\x1b[32m" in shown


def test_each_change_is_shown_until_an_interrupt(running: Running, space: Space, cluster: Cluster) -> None:
    del running
    space.apply(deployment("api"))
    space.apply(review())
    space.ready("True", "Certified")
    whole = Following(cluster.kubeconfig, "prod", "-n", space.name)
    every = Following(cluster.kubeconfig, "-n", space.name)
    with whole, every:
        whole.says(r"prod  certified \(Certified\)")
        every.says("prod  certified  ")
        space.apply(deployment("api", good=False))
        whole.says(r"prod  not ready \(BlockingFindings\)[^$]*Deployment/api")
        every.says("prod  not ready  [^$]*0 of 1 certified")
        space.apply(review("second"))
        every.says("/second  not ready")
        space.delete(review("second"))
        every.says("0 of 1 certified")
        space.delete(review())
        whole.says('^no review "prod"')
        every.says("^no reviews in namespace")
        assert "second" not in whole.text
        for one in (whole, every):
            code, errors = one.interrupt()
            assert (code, errors.strip()) == (130, "")
