"""`python -m hack.demo.record`: run the demo and put what it printed into README.md, between the two marks."""

from __future__ import annotations

import subprocess
import sys

from .session import ROOT

BEGIN, END = "<!-- transcript: begin -->\n", "<!-- transcript: end -->\n"


def main() -> int:
    """The README is left alone when the demo fails."""
    done = subprocess.run([sys.executable, "-m", "hack.demo"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        return done.returncode
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    printed = done.stdout.strip("\n")
    readme.write_text(f"{before}{BEGIN}```text\n{printed}\n```\n{END}{after}", encoding="utf-8")
    print("README.md has a new transcript")
    return 0


if __name__ == "__main__":
    sys.exit(main())
