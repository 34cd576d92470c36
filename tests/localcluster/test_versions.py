"""The versions are named once in Python and once in each go.mod: they must agree."""

from __future__ import annotations

import re

import pytest

from hack.localcluster import gobuild, versions


@pytest.mark.parametrize(
    ("folder", "module", "version"),
    [
        ("kubernetes", "k8s.io/kubernetes", versions.KUBERNETES),
        ("etcd", "go.etcd.io/etcd/server/v3", versions.ETCD),
        ("kwok", "sigs.k8s.io/kwok", versions.KWOK),
    ],
)
def test_go_mod_requires_the_version_that_the_cache_is_keyed_by(folder: str, module: str, version: str) -> None:
    text = (gobuild.MODULES / folder / "go.mod").read_text()
    assert re.search(rf"^\s*(?:require )?{re.escape(module)} {re.escape(version)}\b", text, re.MULTILINE)


def test_other_versions_never_share_a_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {versions.key()}
    for name in ("KUBERNETES", "ETCD", "KWOK"):
        with monkeypatch.context() as patch:
            patch.setattr(versions, name, "v9.9.9")
            keys.add(versions.key())
    monkeypatch.setattr(versions, "architecture", lambda: "other")
    keys.add(versions.key())
    assert len(keys) == 5
