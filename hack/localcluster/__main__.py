"""`python -m hack.localcluster up | build | stop`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from . import cache, providers, records, versions
from .api import start
from .cluster import Cluster
from .console import Console
from .errors import LocalClusterError, NoControlPlaneError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 1 is a failure, 130 an interruption."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    chosen = _parser().parse_args(arguments)
    console = Console(sys.stderr)
    try:
        if chosen.command == "up":
            return up(console, controllers=not chosen.no_controllers, nodes=chosen.nodes)
        if chosen.command == "build":
            return build(console)
        return stop()
    except KeyboardInterrupt:
        console("interrupted; nothing was left behind")
        return 130
    except NoControlPlaneError as error:
        console(str(error))
        return 0 if chosen.command == "build" and chosen.if_possible and not os.environ.get("CI") else 1
    except LocalClusterError as error:
        console(f"error: {error}")
        return 1


def up(console: Console, *, controllers: bool, nodes: int) -> int:
    """Run a control plane until Ctrl-C."""
    with start(controllers=controllers, nodes=nodes, progress=console) as cluster:
        print(f"export KUBECONFIG={cluster.kubeconfig}", flush=True)
        console(f"{cluster.url} is up; Ctrl-C stops it")
        try:
            while True:
                signal.pause()
        except KeyboardInterrupt:
            console("stopping")
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    return 0


def build(console: Console) -> int:
    """Fetch or build every binary, and make sure that the cache is sound."""
    store = cache.here(os.environ)
    for name in store.damaged(versions.needed(controllers=True)):
        console(f"{name}: changed in the cache, made anew")
        store.drop(name)
    found = providers.find(providers.Request(os.environ, console), providers.BINARIES)
    if not isinstance(found, Cluster):
        for path in found.values():
            print(path)
    return 0


def stop() -> int:
    """Clean what dead owners left behind."""
    for line in records.clean() or ["nothing to stop"]:
        print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hack.localcluster", description="A local Kubernetes control plane."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    runs = commands.add_parser("up", help="start one and keep it until Ctrl-C")
    runs.add_argument("--no-controllers", action="store_true", help="etcd and kube-apiserver only")
    runs.add_argument("--nodes", type=int, default=1, help="how many nodes kwok plays")
    makes = commands.add_parser("build", help="fetch or build the binaries only")
    makes.add_argument("--if-possible", action="store_true", help="no failure where no provider works, except on CI")
    commands.add_parser("stop", help="end what a killed process left behind")
    return parser


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends us as Ctrl-C does: by the way that cleans up."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
