"""How long the operator's loop lets a caller wait: /livez asked again and again, in a process of its own.

An upper bound of the loop's lag: the way there and back, and the handler itself, are in it.
`python -m hack.bench.lag PORT SECONDS` prints one JSON list of seconds.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import sys
import time

EVERY = 0.02


def sample(port: int, seconds: float) -> list[float]:
    """Waiting times; one that fails counts as long as it took."""
    taken: list[float] = []
    end = time.monotonic() + seconds
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while (began := time.monotonic()) < end:
        try:
            connection.request("GET", "/livez")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()
        taken.append(time.monotonic() - began)
        time.sleep(max(0.0, EVERY - taken[-1]))
    connection.close()
    return taken


async def beside(port: int, seconds: float) -> list[float]:
    """The same, from a process of its own."""
    command = [sys.executable, "-m", "hack.bench.lag", str(port), str(seconds)]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=dict(os.environ))
    try:
        said, _ = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        raise
    return [float(one) for one in json.loads(said)]


if __name__ == "__main__":
    print(json.dumps(sample(int(sys.argv[1]), float(sys.argv[2]))))
