"""`python -m hack.demo`: a platform is reviewed, found wanting, repaired and certified; exit code 0 only if all of it is so.

KEEP=1 keeps everything running at the end, until Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from types import FrameType

from hack.localcluster import LocalClusterError, foreign, start
from hack.localcluster.console import Console

from .screen import Screen
from .session import ROOT, DemoError, Session
from .story import Story

INTERRUPTED = 130


def main() -> int:
    """Tell the story; 1 is a failure, 130 an interruption."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    screen = Screen(sys.stdout)
    try:
        with contextlib.chdir(ROOT):
            return _run(screen)
    except KeyboardInterrupt:
        screen.say("Interrupted; nothing was left behind.")
        return INTERRUPTED
    except LocalClusterError as error:
        screen.raw(str(error))
        return 1


def _run(screen: Screen) -> int:
    screen.say(
        "A production readiness review as an object that answers: it is applied to a sample platform, judged, found wanting, "
        "repaired defect by defect, certified, and broken again. Everything shown is asserted; nothing stays behind."
    )
    screen.chapter("A local control plane")
    screen.say(
        "A real kube-apiserver with etcd, controller manager and scheduler, on loopback, in a temporary folder. kwok plays "
        "the nodes: Pods get Ready without a container. Nothing of this touches another cluster."
    )
    os.environ.pop(foreign.VARIABLE, None)  # what the demo installs is no guest on somebody's cluster
    with start(controllers=True, progress=_progress(Console(sys.stdout))) as cluster:
        session = Session(cluster, screen)
        try:
            return _tell(session, screen)
        finally:
            session.keep_log(ROOT / "build" / "demo-operator.log")
            session.close()


def _progress(console: Console) -> Callable[[str], None]:
    """What the control plane says of itself, save the ways that it did not go."""

    def progress(line: str) -> None:
        if not line.startswith("skipped"):
            console(f"         {line}")

    return progress


def _tell(session: Session, screen: Screen) -> int:
    """The story, and whether it was true."""
    code = 0
    try:
        Story(session, screen).tell()
    except (DemoError, subprocess.CalledProcessError) as error:
        screen.blank()
        screen.say("FAILED: this is not what the demo promises.", "bold red")
        screen.raw(textwrap.indent(f"{error}\n{getattr(error, 'stderr', '') or ''}", "  "))
        code = 1
    if os.environ.get("KEEP"):
        _hold(session, screen)
    return code


def _hold(session: Session, screen: Screen) -> None:
    screen.blank()
    screen.say("KEEP is set: everything stays up until Ctrl-C. In another terminal:")
    screen.raw(f"export KUBECONFIG={session.cluster.kubeconfig}")
    screen.raw(f"export PATH={session.cluster.binaries['kubectl'].parent}:$PATH")
    screen.raw("kubectl get readinessreviews -A -o wide -w")
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        screen.say("Stopping.")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends us as Ctrl-C does: by the way that cleans up."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
