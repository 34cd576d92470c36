"""The projections of all watched resources, and the bodies that are fetched by name: one line per family."""

from collections.abc import Callable
from typing import Final

from readiness.collectors.projections import claims, config_maps, secrets, snapshots, velero, workloads
from readiness.collectors.projections.projection import Projection
from readiness.evidence.resources import Resource

PROJECTIONS: Final[tuple[Projection, ...]] = (
    *workloads.PROJECTIONS,
    *secrets.PROJECTIONS,
    *claims.PROJECTIONS,
    *config_maps.PROJECTIONS,
    *snapshots.PROJECTIONS,
    *velero.PROJECTIONS,
)

BODIES: Final[dict[Resource, Callable[[bytes], object]]] = {**workloads.BODIES, **config_maps.BODIES}

BY_RESOURCE: Final = {projection.resource: projection for projection in PROJECTIONS}
