"""What every watched object has: its identity, its labels, and who controls it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from readiness.evidence.selecting import Labels


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller that an ownerReference names (`controller: true`)."""

    group: str
    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Meta:
    """Metadata of one object. `state` is filled only where the body is fetched by name: what tells that it changed."""

    uid: str
    name: str
    namespace: str = ""
    generation: int = 0
    labels: Labels = ()
    created: datetime | None = None
    deleting: bool = False
    owner: Owner | None = None
    state: str = ""

    @property
    def version(self) -> str:
        """What names the body: another object of the same name is another version. Empty where none is fetched."""
        return f"{self.uid}:{self.state}" if self.state else ""


class Record(Protocol):
    """What a projection makes of one object."""

    @property
    def meta(self) -> Meta: ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object that could not be decoded, kept by its metadata so that it is not forgotten."""

    meta: Meta
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Ref:
    """The subject of a finding: an object by kind and name, and where there is one a container and an item."""

    kind: str
    name: str
    container: str = ""
    item: str = ""

    def at(self, container: str = "", item: str = "") -> "Ref":
        """The same object's container or item."""
        return Ref(self.kind, self.name, container or self.container, item or self.item)

    def __str__(self) -> str:
        """`Deployment/api`, `Deployment/api (container web)`."""
        inside = ", ".join(
            part for part in (f"container {self.container}" if self.container else "", self.item) if part
        )
        return f"{self.kind}/{self.name}" + (f" ({inside})" if inside else "")
