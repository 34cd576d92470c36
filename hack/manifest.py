"""`make manifest`: everything that deploy/ installs, in one file, as `kubectl apply -f` takes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hack.localcluster.errors import NotHereError
from hack.tools import binary

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build" / "install.yaml"


def rendered(folder: str = "deploy") -> str:
    """A kustomization's objects."""
    command: list[str | Path] = [binary.kubectl(os.environ), "kustomize", ROOT / folder]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def main() -> int:
    """Write it, and say where."""
    try:
        text = rendered()
    except NotHereError as reason:
        print(reason, file=sys.stderr)
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    print(TARGET.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
