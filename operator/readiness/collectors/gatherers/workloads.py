"""Workloads: those that the scope selects, and how many it does not."""

from collections import Counter
from itertools import compress
from operator import is_

from readiness.collectors.access import View
from readiness.collectors.gatherers.gathered import Gathered
from readiness.collectors.kept import Scoped
from readiness.evidence.objects import Unreadable
from readiness.evidence.seen import Seen, Unseen
from readiness.evidence.selecting import Scope
from readiness.evidence.workloads import Workload, Workloads


def gather(view: View, _want: object, scope: Scope) -> Gathered[Workloads]:
    """Every workload of the review's namespace that the scope selects."""
    seen = view.workloads()
    if isinstance(seen, Unseen):
        return Gathered(seen, lost=(seen,))
    kept = view.kept.scoped(scope)
    everything = _same(kept.inside.workloads, tuple(seen.value.by_uid.values()))
    unreadable = tuple(one for one in seen.value.unreadable if scope.selects(frozenset({one.kind}), one.meta.labels))
    if kept.selected is None or everything is not kept.inside.workloads or unreadable != kept.selected.unreadable:
        kept.selected = _selected(kept, scope, everything, unreadable)
    return Gathered(Seen(kept.selected, seen.as_of), kept.pending)


def _selected(
    kept: Scoped, scope: Scope, everything: tuple[Workload, ...], unreadable: tuple[Unreadable, ...]
) -> Workloads:
    inside = kept.inside.of(everything, lambda one: scope.selects(known_as(one), one.meta.labels))
    before = kept.selected
    selected = _same(before.items if before is not None else (), tuple(compress(everything, inside)))
    kept.pending = any(one.pending for one in selected)
    hint = "" if selected else _hint(scope, everything)
    found = Workloads(selected, unreadable, len(everything) - len(selected), hint)
    unchanged = before is not None and before.items is selected and before == found
    return before if before is not None and unchanged else found


def _same(before: tuple[Workload, ...], after: tuple[Workload, ...]) -> tuple[Workload, ...]:
    """The tuple as before, where it holds the same objects: what was derived from it stands."""
    return before if len(before) == len(after) and all(map(is_, before, after)) else after


def known_as(workload: Workload) -> frozenset[str]:
    """The kinds a scope may call it by: the object's own, and that of the controller behind it."""
    return frozenset({workload.subject.kind, workload.object.kind})


def _hint(scope: Scope, everything: tuple[Workload, ...]) -> str:
    """Why nothing was selected: the selector and the kinds, and what labels and kinds are here."""
    said = [f"{len(everything)} workload{'' if len(everything) == 1 else 's'} here"]
    for requirement in [one for selector in scope.selectors for one in selector][:2]:
        values = Counter(dict(one.meta.labels).get(requirement.key, "") for one in everything)
        values.pop("", None)
        shown = ", ".join(name for name, _ in values.most_common(3)) or "no workload carries it"
        said.append(f"{requirement.key} here: {shown}")
    known = frozenset[str]().union(*map(known_as, everything))
    for wanted in [kinds for kinds in scope.kinds if everything and not kinds & known][:1]:
        said.append(f"scope.kinds names {', '.join(sorted(wanted)[:3])}; kinds here: {', '.join(sorted(known)[:5])}")
    return "; ".join(said)
