"""Workloads: those that the scope selects, and how many it does not."""

from collections import Counter
from collections.abc import Iterable
from itertools import compress
from operator import is_

from readiness.collectors.access import View
from readiness.collectors.gatherers.gathered import Gathered
from readiness.evidence.objects import Meta
from readiness.evidence.seen import Seen, Unseen
from readiness.evidence.selecting import Scope
from readiness.evidence.workloads import Workload, Workloads


def gather(view: View, _want: object, scope: Scope) -> Gathered[Workloads]:
    """Every workload of the review's namespace that the scope selects."""
    seen = view.workloads()
    if isinstance(seen, Unseen):
        return Gathered(seen, lost=(seen,))
    everything = tuple(seen.value.by_uid.values())
    kept = view.kept.scoped(scope)
    inside = kept.inside.of(everything, lambda one: scope.selects(known_as(one), one.meta.labels))
    selected = tuple(compress(everything, inside))
    unreadable = tuple(one for one in seen.value.unreadable if scope.selects(frozenset({one.kind}), one.meta.labels))
    outside = len(everything) - len(selected)
    hint = "" if selected else _hint(scope, [one.meta for one in everything])
    found = Workloads(_same(kept.selected.items, selected), unreadable, outside, hint)
    kept.selected = found
    return Gathered(Seen(found, seen.as_of), any(one.pending for one in selected))


def _same(before: tuple[Workload, ...], after: tuple[Workload, ...]) -> tuple[Workload, ...]:
    """The tuple as before, where it holds the same objects: others can then tell at once that nothing changed."""
    return before if len(before) == len(after) and all(map(is_, before, after)) else after


def known_as(workload: Workload) -> frozenset[str]:
    """The kinds a scope may call it by: the object's own, and that of the controller behind it."""
    return frozenset({workload.subject.kind, workload.object.kind})


def _hint(scope: Scope, metas: Iterable[Meta]) -> str:
    """Why nothing was selected: the selector, and what its labels are here."""
    metas = list(metas)
    said = [f"{len(metas)} workload{'' if len(metas) == 1 else 's'} here"]
    for requirement in [one for selector in scope.selectors for one in selector][:2]:
        values = Counter(dict(meta.labels).get(requirement.key, "") for meta in metas)
        values.pop("", None)
        shown = ", ".join(name for name, _ in values.most_common(3)) or "no workload carries it"
        said.append(f"{requirement.key} here: {shown}")
    return "; ".join(said)
