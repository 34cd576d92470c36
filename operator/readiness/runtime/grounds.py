"""
What a verdict rested on: while none of it has moved, the review need not be judged again.

Most changes of a namespace concern one of its reviews, and each of them marks all. It must not know what is judged: it
compares versions and identities, and where it cannot tell, they differ.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from readiness.collectors.access import View
from readiness.evidence.resources import ELSEWHERE, Resource
from readiness.evidence.seen import Seen, Unseen
from readiness.evidence.workloads import Workloads
from readiness.runtime.register import Entry
from readiness.runtime.watches import Watched


@dataclass(frozen=True, slots=True, eq=False)
class Grounds:
    """Everything that a verdict is made of, save the clock: each verdict says itself until when it stands.

    `selected` are the workloads of each scope in the review; `moves` counts what happened to each resource that is read
    beside them; `unseen` says why a needed source is not seen.
    """

    entry: Entry
    selected: tuple[Workloads | None, ...]
    moves: tuple[int, ...]
    unseen: tuple[Unseen | None, ...]
    absent: tuple[Unseen | None, ...]
    skewed: bool

    def stand(self, now: "Grounds") -> bool:
        """Whether a fresh look would find the same."""
        return (
            self.entry.judged_alike(now.entry)
            and len(self.selected) == len(now.selected)
            and all(before is after for before, after in zip(self.selected, now.selected, strict=True))
            and (self.moves, self.unseen, self.absent, self.skewed) == (now.moves, now.unseen, now.absent, now.skewed)
        )


def of(
    entry: Entry,
    view: View,
    selected: Iterable[Seen[Workloads] | Unseen],
    states: Sequence[tuple[Watched, Seen[object] | Unseen]],
    *,
    skewed: bool,
) -> Grounds:
    """As of this moment; `selected` for each scope of the review, `states` of all that it needs, always in the same order."""
    return Grounds(
        entry,
        tuple(one.value if isinstance(one, Seen) else None for one in selected),
        tuple(view.moves(resource, namespace) for (resource, namespace), _ in states),
        tuple(state if isinstance(state, Unseen) else None for _, state in states),
        tuple(view.not_installed(resource) for resource in _ELSEWHERE),
        skewed,
    )


_ELSEWHERE: tuple[Resource, ...] = tuple(sorted(ELSEWHERE, key=lambda one: one.name))
