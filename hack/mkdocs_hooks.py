"""
What mkdocs calls while it builds the site (see mkdocs.yml): folders in the navigation become their pages, and links that leave
docs/ become the path of what they lead to, since the site does not know where the repository is to be browsed.

mkdocs has an environment of its own, so nothing of this repository may be imported here.
"""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
LOG = logging.getLogger("mkdocs.hooks.readiness")
"""mkdocs counts warnings of its own loggers: under --strict each of them fails the build."""


def on_config(config: Any) -> Any:
    """`Decisions: decisions/` becomes the pages of that folder."""
    docs = Path(config["docs_dir"])
    config["nav"] = [_expanded(docs, entry) for entry in config["nav"]]
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Links that leave docs/ are checked and become text."""
    inside = Path(config["docs_dir"])
    text, missing = without_ways_out(markdown, page.file.src_uri, inside)
    for target in missing:
        LOG.warning("%s: no such file in the repository: %s", page.file.src_uri, target)
    return text


def without_ways_out(markdown: str, source: str, docs: Path) -> tuple[str, list[str]]:
    """The page (its path below docs/ is `source`) with such links as text, and those of their targets that are not there."""
    missing: list[str] = []

    def plain(link: re.Match[str]) -> str:
        said, target = link[1], link[2]
        if re.match(r"[a-z]+:", target):
            return link[0]
        path = posixpath.normpath(posixpath.join(docs.name, posixpath.dirname(source), target))
        if path.startswith(f"{docs.name}/"):
            return link[0]
        if not (docs.parent / path).exists():
            missing.append(path)
        return f"`{path}`" if path.endswith(said.strip("`/")) else f"{said} (`{path}`)"

    return "".join(_outside_of_code(markdown, plain)), missing


def _outside_of_code(markdown: str, replace: Any) -> Iterator[str]:
    """Fenced blocks stay as they are."""
    for index, part in enumerate(re.split(r"(^```.*?^```$)", markdown, flags=re.DOTALL | re.MULTILINE)):
        yield part if index % 2 else LINK.sub(replace, part)


def _expanded(docs: Path, entry: Any) -> Any:
    if isinstance(entry, dict):
        [(title, value)] = entry.items()
        if isinstance(value, str) and value.endswith("/"):
            pages = sorted(path.relative_to(docs).as_posix() for path in (docs / value).glob("*.md"))
            pages.sort(key=lambda page: not page.endswith("/README.md"))
            return {title: [{_title(docs / page): page} for page in pages]}
    return entry


def _title(page: Path) -> str:
    """Its heading: mkdocs takes the file's name where a comment stands before it."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), page.stem)
