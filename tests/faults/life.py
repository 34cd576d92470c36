"""The operator's command line with Events held back for a moment only: a life of seconds would post none, and so none twice."""

from typing import Final

from readiness.runtime import cli
from readiness.runtime.wiring import Operator

HELD_BACK: Final = 0.3  # seconds

if __name__ == "__main__":
    defaults = Operator.__init__.__kwdefaults__
    assert defaults is not None
    defaults["held_back"] = HELD_BACK
    cli.main()
