"""A ClusterSecretStore belongs to another team: only a namespace that really reads from it is told anything of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from readiness.collectors.access import Gate, View
from readiness.collectors.files import FileWorld
from readiness.evidence.resources import CLUSTER_SECRET_STORES
from readiness.evidence.secrets import SecretStore
from readiness.evidence.seen import Seen, Unseen, Why

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)

STORE = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ClusterSecretStore",
    "metadata": {"name": "vault", "labels": {"team": "payments"}},
    "spec": {
        "conditions": [{"namespaces": ["payments", "shop"]}],
        "provider": {"vault": {"server": "https://vault.example.com", "path": "payments"}},
    },
    "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Valid", "message": "store validated"}]},
}


def external(namespace: str, store: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "db", "namespace": namespace},
        "spec": {"secretStoreRef": store, "data": [{"secretKey": "a", "remoteRef": {"key": "b"}}]},
    }


def view(namespace: str, *documents: dict[str, Any], unseen: dict[str, Unseen] | None = None) -> View:
    world = FileWorld(NOW, unseen=unseen)
    for document in (STORE, *documents):
        assert world.add(document)
    return Gate(world.sealed()).view(namespace)


def shown(of: View, name: str = "vault") -> object:
    found = of.referred(CLUSTER_SECRET_STORES, name)
    assert isinstance(found, Seen)
    return found.value


REFERRING = external("shop", {"kind": "ClusterSecretStore", "name": "vault"})


def test_it_is_shown_where_an_external_secret_names_it() -> None:
    assert isinstance(shown(view("shop", REFERRING)), SecretStore)


@pytest.mark.parametrize(
    "document",
    [
        external("payments", {"kind": "ClusterSecretStore", "name": "vault"}),
        external("shop", {"kind": "SecretStore", "name": "vault"}),
        external("shop", {"name": "vault"}),
        external("shop", {"kind": "ClusterSecretStore", "name": "vault-2"}),
        external("shop", {"kind": "ClusterSecretStore", "name": "vaul"}),
        external("shop", {"kind": "ClusterSecretStore", "name": "vault"}) | {"spec": {"refreshInterval": "broken"}},
    ],
)
def test_it_is_hidden_from_whoever_does_not_name_it_exactly(document: dict[str, Any]) -> None:
    assert shown(view("shop", document)) is None


def test_hidden_looks_like_absent() -> None:
    nobody = view("shop")
    assert nobody.referred(CLUSTER_SECRET_STORES, "vault") == nobody.referred(CLUSTER_SECRET_STORES, "no-such-store")


def test_no_list_shows_it() -> None:
    found = view("shop", REFERRING).records(CLUSTER_SECRET_STORES)
    assert isinstance(found, Seen)
    assert not found.value


def test_only_what_a_review_needs_is_kept_of_it() -> None:
    store = shown(view("shop", REFERRING))
    assert isinstance(store, SecretStore)
    assert store.admits("shop")
    assert "example.com" not in repr(store)
    assert not store.meta.labels


def test_a_lost_watch_is_told_before_any_name() -> None:
    lost = Unseen(Why.STALE, "no contact", CLUSTER_SECRET_STORES.name)
    assert view("shop", unseen={CLUSTER_SECRET_STORES.name: lost}).referred(CLUSTER_SECRET_STORES, "vault") == lost
