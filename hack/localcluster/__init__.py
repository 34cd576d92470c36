"""A real Kubernetes control plane on this machine, for the tests, the demo and the benchmark.

`start()` returns a `Cluster`. In reading order: `providers` finds binaries or a cluster, `controlplane` starts
the servers that `components` spells out, `processes` and `guard` see to it that none outlives its parent.
"""

from .api import start
from .cluster import Cluster
from .errors import LocalClusterError, NoControlPlaneError, RefusedError, UnsupportedError

__all__ = ["Cluster", "LocalClusterError", "NoControlPlaneError", "RefusedError", "UnsupportedError", "start"]
