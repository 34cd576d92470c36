"""The README shows a recorded run: it must be one of the demo as it is."""

import re
from pathlib import Path

from hack.demo.record import BEGIN, END
from hack.demo.scenes import ADVISORY, DEFECTS, REPAIRS

ROOT = Path(__file__).resolve().parents[2]


def transcript() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition(BEGIN)[2].partition(END)[0]


def test_the_transcript_shows_every_defect_and_every_repair() -> None:
    """If this fails, the demo has changed since: python -m hack.demo.record."""
    recorded = transcript()

    for expectation, reason, subject in DEFECTS | ADVISORY:
        assert f"{expectation}: {subject}: {reason}" in recorded
    for number, scene in enumerate(REPAIRS, 1):
        assert f"Repair {number} of {len(REPAIRS)}: {scene.title}" in recorded
    assert re.search(r"features +feature-platform +True +Certified +2026\.11\.3 +10/10 ", recorded)
