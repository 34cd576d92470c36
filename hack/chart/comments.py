"""What values.yaml says of its own keys: the comment right above each, by path."""

from collections.abc import Iterator

import yaml


def by_path(text: str) -> dict[str, str]:
    """`image.tag` -> its comment; empty where a key has none."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    return dict(_of(root, "", text.splitlines()))


def _of(node: yaml.MappingNode, prefix: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    for key, value in node.value:
        path = f"{prefix}{key.value}"
        comment = _above(key.start_mark.line, lines)
        if isinstance(value, yaml.MappingNode) and value.value and not comment:
            yield from _of(value, f"{path}.", lines)  # a group; a mapping with a comment is one value
        else:
            yield path, comment


def _above(line: int, lines: list[str]) -> str:
    found: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        found.insert(0, lines[line].lstrip().removeprefix("#").strip())
    return " ".join(found)
