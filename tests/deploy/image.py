"""The Dockerfile as instructions, and what its first stage builds."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
REQUIREMENTS: Final = ROOT / "requirements" / "runtime.txt"
PLACE: Final = "/opt/readiness"


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its argument; continued lines joined, comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [line.partition(" ") for line in joined.splitlines()]
    return [(word, rest.strip()) for word, _, rest in found]


def stages() -> list[list[tuple[str, str]]]:
    grouped: list[list[tuple[str, str]]] = [[]]
    for one in instructions():
        if one[0] == "FROM":
            grouped.append([])
        grouped[-1].append(one)
    return grouped


def variables() -> dict[str, str]:
    """What ENV sets in the image that ships."""
    (line,) = [rest for word, rest in stages()[-1] if word == "ENV"]
    return dict(pair.split("=", 1) for pair in line.split())


def last(word: str) -> str:
    """The argument of the instruction that counts, in the image that ships."""
    return [rest for each, rest in stages()[-1] if each == word][-1]


def build(target: Path) -> None:
    """The steps of the first stage, with this interpreter, into a folder of the test."""
    places = {PLACE: str(target), "/tmp/requirements.txt": str(REQUIREMENTS)}
    for word, rest in stages()[1]:
        if word == "RUN":
            step = [_moved(part, places) for part in json.loads(rest)[1:]]
            done = subprocess.run(_replayed(step), capture_output=True, text=True, timeout=240, check=False, cwd="/")
            assert done.returncode == 0, done.stderr[-2000:]
        elif word == "COPY" and rest.startswith("operator"):
            subprocess.run(["cp", "-r", ROOT / rest.split()[0], target / "readiness"], check=True)


def _moved(part: str, places: dict[str, str]) -> str:
    for before, after in places.items():
        part = part.replace(before, after)
    return part


def _replayed(step: list[str]) -> list[str]:
    """On CI to the letter; elsewhere the same wheels by a faster installer, and only our own modules compiled."""
    if os.environ.get("CI"):
        return [sys.executable, *step]
    if "pip" in step:
        kept = ("--no-deps", "--only-binary", "--require-hashes", "--target", "--requirement")
        return [
            str(Path(sys.executable).with_name("uv")),
            "pip",
            "install",
            *(one for one in step if one.startswith(kept)),
        ]
    return [sys.executable, *step[:-1], f"{step[-1]}/readiness"]
