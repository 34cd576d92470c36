"""
`$(NAME)` inside a variable's value, as Kubernetes expands it (third_party/forked/golang/expansion), and names with a `*`.

`$$` is a dollar that begins nothing; a reference that is not closed is text.
"""

import re
from collections.abc import Iterator
from typing import Final

_LINK: Final = re.compile(
    r"[A-Z_][A-Z0-9_]*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""The shape of the variables that Services of the namespace set (kubernetes pkg/kubelet/envvars)."""


def parts(text: str) -> Iterator[tuple[str, str]]:
    """The value in pieces: (text, "") or (the reference as written, the name it refers to)."""
    start, last = 0, text.rfind(")")
    while (at := text.find("$", start)) >= 0:
        if at > start:
            yield text[start:at], ""
        following = text[at + 1 : at + 2]
        if following == "(" and at < last:
            start = text.find(")", at) + 1
            yield text[at:start], text[at + 2 : start - 1]
        else:
            yield "$" if following == "$" else f"${following}", ""
            start = at + 1 + len(following)
    if text[start:]:
        yield text[start:], ""


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits; one `*` at the beginning or at the end stands for anything."""
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    if pattern.startswith("*"):
        return name.endswith(pattern[1:])
    return name == pattern


def may_match(pattern: str, prefix: str) -> bool:
    """Whether a name that begins with the prefix, and goes on, can fit."""
    if pattern.endswith("*"):
        return prefix.startswith(pattern[:-1]) or pattern.startswith(prefix)
    if pattern.startswith("*"):
        return True
    return pattern.startswith(prefix) and pattern != prefix


def is_link(name: str) -> bool:
    """Whether a Service could set it. Of a name with `*` only the fixed part is looked at: see the kind's limits."""
    fixed = f"X{name[1:]}" if name.startswith("*") else name.removesuffix("*").rstrip("_")
    return _LINK.fullmatch(fixed) is not None or (name.endswith("*") and fixed.endswith("_SERVICE"))
