"""`python -m hack.tools helm [--if-possible]`: have helm at hand before the tests, whose time is limited."""

from __future__ import annotations

import argparse
import os
import sys

from hack.localcluster.console import Console
from hack.localcluster.errors import NotHereError
from hack.tools import binary


def main() -> int:
    """0 also where it cannot be had, if that was allowed and this is not CI."""
    parser = argparse.ArgumentParser(prog="python -m hack.tools", description="Tools of the tests.")
    parser.add_argument("tool", choices=["helm"])
    parser.add_argument("--if-possible", action="store_true", help="no failure where it cannot be had, except on CI")
    chosen = parser.parse_args()
    console = Console(sys.stderr)
    try:
        print(binary.helm(os.environ, console))
    except NotHereError as reason:
        console(f"no helm on this machine: {reason}")
        return 0 if chosen.if_possible and not os.environ.get("CI") else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
