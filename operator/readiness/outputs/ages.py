"""
How long something lasts, for people: two units at most, as `kubectl get` shows an age. Whoever needs the instant has it
beside the age.
"""

from datetime import timedelta
from typing import Final

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def age(lasted: timedelta) -> str:
    """`3d4h`, `2h3m`, `59s`; `0s` for less than a second, and for what has not begun."""
    left = max(0, int(lasted.total_seconds()))
    parts: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
        if len(parts) == 2:
            break
    return "".join(parts) or "0s"
