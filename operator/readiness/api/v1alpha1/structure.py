"""
What must hold across a whole spec, read from the raw object: the models report such things only once every field is
right, and an author should hear of everything at once. It must not fail on any JSON whatever.
"""

from collections.abc import Callable, Iterator, Mapping

from readiness.api.v1alpha1.check import KINDS
from readiness.api.v1alpha1.parameters import listed
from readiness.api.v1alpha1.problems import Problem, quoted
from readiness.api.v1alpha1.spec import MAX_EXPECTATIONS

Raw = Mapping[str, object]


def problems(spec: Raw) -> Iterator[Problem]:
    """Names that clash, too many expectations, and checks that do not name exactly one kind."""
    areas = tuple(_entries("spec.areas", spec))
    # kubectl matches types of conditions without regard to case, so areas `ab` and `a-b` would be one.
    yield from _clashes(areas, _as_condition, "becomes the same type of condition as {}")
    total = 0
    for path, area in areas:
        expectations = tuple(_entries(f"{path}.expectations", area))
        total += len(expectations)
        yield from _clashes(expectations, str, "is the name of {} too")
        for place, expectation in expectations:
            yield from _kinds(f"{place}.check", expectation.get("check"))
    if total > MAX_EXPECTATIONS:
        yield Problem("spec.areas", f"hold {total} expectations, more than {MAX_EXPECTATIONS}", "split the review")


def _entries(path: str, holder: Raw) -> Iterator[tuple[str, Raw]]:
    """The mappings of a list, with their paths; what is no list or no mapping is the models' business."""
    entries = holder.get(path.rpartition(".")[2])
    for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        if isinstance(entry, Mapping):
            yield f"{path}[{index}]", entry


def _as_condition(name: str) -> str:
    return name.replace("-", "").casefold()


def _clashes(entries: tuple[tuple[str, Raw], ...], identity: Callable[[str], str], said: str) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, entry in entries:
        name = entry.get("name")
        if not isinstance(name, str):
            continue
        earlier = seen.setdefault(identity(name), path)
        if earlier != path:
            yield Problem(f"{path}.name", said.format(earlier), "rename one of them")


def _kinds(path: str, check: object) -> Iterator[Problem]:
    if not isinstance(check, Mapping):
        return
    named = tuple(quoted(kind) for kind, parameters in check.items() if parameters is not None)
    if len(named) > 1:
        found = ", ".join(named[:8])
        yield Problem(path, f"names more than one kind: {found}", "make one expectation for each")
    if not named:
        yield Problem(path, "names no kind", f"choose {listed(KINDS)}; {{}} stands for all defaults")
