"""ServiceAccounts with the shipped ClusterRole, or with that role less one verb on one resource.

One role and one account for each case: a role that is edited takes effect at a moment that nobody knows.
"""

from pathlib import Path
from typing import Final

from hack.localcluster.access import Access
from tests.cluster.kube import Json, Kube, eventually
from tests.deploy.rendering import NAMESPACE, Object, kustomized, objects, of_kind, rights

RBAC: Final = "rbac.authorization.k8s.io"
Pair = tuple[str, str]
"""`deployments.apps` and one of its verbs."""


def shipped() -> Object:
    """The operator's role, as `deploy/` renders it."""
    return of_kind(objects(kustomized()), "ClusterRole")["readiness-operator"]


def less(role: Object, without: Pair | None) -> Object:
    """The role without one verb on one resource."""
    if without is None:
        return role
    resource, verb = without
    rules: list[Json] = []
    for rule in role["rules"]:
        (group,) = rule["apiGroups"]
        named = {one: f"{one}.{group}" if group else one for one in rule["resources"]}
        kept = [one for one, name in named.items() if name != resource]
        rules.append({**rule, "resources": kept})
        left = [one for one in rule["verbs"] if one != verb]
        rules.append({**rule, "resources": [one for one in named if one not in kept], "verbs": left})
    return {**role, "rules": [rule for rule in rules if rule["resources"] and rule["verbs"]]}


class Accounts:
    """Makes accounts; each is ready for use when its kubeconfig is handed out."""

    def __init__(self, kube: Kube, folder: Path) -> None:
        self._kube = kube
        self._folder = folder
        self._shipped = shipped()

    def kubeconfig(self, without: Pair | None = None) -> Path:
        """The access of an account with the shipped role, less this."""
        name = "-".join(("less", without[1], without[0].replace("/", "."))) if without else "full"
        role = less(self._shipped, without)
        meta = {"name": name}
        subject = {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}
        self._kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**meta, "namespace": NAMESPACE}})
        self._kube.create({"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": meta, "rules": role["rules"]})
        self._kube.create(
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": "ClusterRoleBinding",
                "metadata": meta,
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
                "subjects": [subject],
            }
        )
        granted = [(resource, verb) for resource, verbs in rights(role).items() for verb in verbs]
        assert len(granted) == sum(map(len, rights(self._shipped).values())) - (without is not None)
        eventually(lambda: self._may(name, granted[0]), f"the rights of {name} are in force")
        if without is not None:
            assert not self._may(name, without)
        return Access(self._kube.cluster.url, self._kube.cluster.ca_file, self._token(name)).write_kubeconfig(
            self._folder / f"{name}.kubeconfig", name, NAMESPACE
        )

    def _may(self, name: str, pair: Pair) -> bool:
        (resource, _, group), verb = pair[0].partition("."), pair[1]
        plural, _, part = resource.partition("/")
        asked = {"group": group, "resource": plural, "subresource": part, "verb": verb}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": f"system:serviceaccount:{NAMESPACE}:{name}", "resourceAttributes": asked},
        }
        answer = self._kube.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)
        return bool(answer["status"]["allowed"])

    def _token(self, name: str) -> str:
        path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{name}/token"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        return str(self._kube.request("POST", path, asked)["status"]["token"])
