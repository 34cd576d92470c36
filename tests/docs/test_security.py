"""The page about security: its rights are those that ship, its proofs are tests that there are."""

import copy
import re

import pytest
import yaml

from hack import gen_rights
from tests.deploy.test_rbac import EVERYWHERE, GOLDEN

PAGE = (gen_rights.ROOT / gen_rights.PAGE).read_text()


def rows() -> dict[str, tuple[list[str], str, str]]:
    found = re.findall(r"^\| `([^`]+)` \| ([a-z, ]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    return {name: (sorted(verbs.split(", ")), where, why) for name, verbs, where, why in found}


def test_the_page_is_current() -> None:
    assert dict(gen_rights.pages()) == {gen_rights.PAGE: PAGE}, "run make generate"


def test_every_right_that_ships_stands_there_with_a_reason() -> None:
    assert {name: verbs for name, (verbs, _, _) in rows().items()} == EVERYWHERE
    wheres = {gen_rights.EVERYWHERE: "namespaced", gen_rights.LISTED: "elsewhere", gen_rights.CLUSTER: "cluster"}
    for name, (verbs, where, why) in rows().items():
        assert name in GOLDEN[wheres[where]]
        assert why.endswith(".")
        assert ("`get`" in why) == ("get" in verbs), name


def test_a_right_without_a_reason_ends_the_generation() -> None:
    role = yaml.safe_load(gen_rights.ROLE.read_text())
    more, less = copy.deepcopy(role), copy.deepcopy(role)
    more["rules"].append({"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]})
    less["rules"].pop()
    for changed, named in ((more, "nodes"), (less, "velero")):
        with pytest.raises(gen_rights.UnexplainedError, match=named):
            gen_rights.table(changed)


def test_every_proof_that_it_names_is_there() -> None:
    named = re.findall(r"`((?:tests|deploy|crds|collectors)/[^`]*)`", PAGE)
    assert len(named) > 15
    for path in named:
        root = gen_rights.ROOT / "operator" / "readiness" if path.startswith("collectors") else gen_rights.ROOT
        assert (root / path).exists(), path


def test_the_container_is_set_as_it_says() -> None:
    deployment = yaml.safe_load((gen_rights.ROOT / "deploy" / "operator" / "deployment.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    context = {**pod["securityContext"], **container["securityContext"], **pod}
    section = PAGE.partition("## The container")[2]
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE))
    assert told == {
        "readOnlyRootFilesystem": str(context["readOnlyRootFilesystem"]).lower(),
        "allowPrivilegeEscalation": str(context["allowPrivilegeEscalation"]).lower(),
        "capabilities": " ".join(["drop", *context["capabilities"]["drop"]]),
        "seccompProfile": context["seccompProfile"]["type"],
        "enableServiceLinks": str(context["enableServiceLinks"]).lower(),
        "automountServiceAccountToken": str(context["automountServiceAccountToken"]).lower(),
    }
    user = f"{str(context['runAsNonRoot']).lower()}, {context['runAsUser']}"
    assert f"| `runAsNonRoot`, `runAsUser` | {user} |" in section
