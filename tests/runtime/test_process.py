"""What a process writes to standard error, in the form that was asked for: whoever reads it reads one form."""

import json
import subprocess
import sys

PROGRAM = """
import logging, sys
from readiness.runtime import process
from readiness.runtime.settings import Settings
process._configure_logging(Settings(logFormat=sys.argv[1]))
try:
    raise ValueError("broken")
except ValueError:
    logging.getLogger("kopf.watching").error("attempt %s failed", 3, exc_info=True)
logging.getLogger("kopf.watching").info("not worth a line")
"""


def said(form: str) -> str:
    return subprocess.run([sys.executable, "-c", PROGRAM, form], check=True, capture_output=True, text=True).stderr


def test_libraries_log_json_where_json_is_asked_for() -> None:
    [line] = said("json").splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("attempt 3 failed", "error", "kopf.watching")
    assert "timestamp" in told
    assert "ValueError: broken" in told["exception"]


def test_libraries_log_for_people_where_that_is_asked_for() -> None:
    text = said("console")
    assert "attempt 3 failed" in text
    assert not text.startswith("{")
    assert "not worth a line" not in text
