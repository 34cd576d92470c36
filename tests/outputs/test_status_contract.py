"""Each situation of the status contract, its status compared as a whole document with contract/<situation>.yaml."""

from pathlib import Path

import pytest
import yaml

from readiness.api.v1alpha1.review import digest
from readiness.judgement.verdict import evaluating
from readiness.outputs.conditions import check_invariant, render, same
from tests.outputs.rows import LABELLED, REVIEW, ROWS, UNENFORCED, written

DIGESTS = {digest(REVIEW.spec), digest(LABELLED.spec), digest(UNENFORCED.spec)}
CONTRACT = Path(__file__).parent / "contract"


def test_every_situation_has_its_document() -> None:
    assert {path.stem for path in CONTRACT.glob("*.yaml")} == set(ROWS)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_status_is_exactly_as_written_down(name: str) -> None:
    expected = yaml.load((CONTRACT / f"{name}.yaml").read_text(), Loader=yaml.BaseLoader)
    _, before, verdict, _ = ROWS[name]()
    judged_by = {"specDigest": "that of the spec"} if verdict.digest in DIGESTS else {}

    assert before.spec_digest in {None, *DIGESTS}
    assert _as_text({**written(name).dump(), **judged_by}) == expected


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_same_verdict_upon_its_own_status_writes_nothing(name: str) -> None:
    _, before, verdict, now = ROWS[name]()
    first = render(verdict, before, now)

    assert same(first, render(verdict, first, now))


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_conditions_obey_the_rules_that_gates_rely_on(name: str) -> None:
    review, _, _, now = ROWS[name]()
    status = written(name)
    types = [condition.type for condition in status.conditions]

    assert types[0] == "Ready"
    assert len({type_.casefold() for type_ in types}) == len(types)
    assert not {"Reconciling", "Stalled"} <= set(types)
    assert {condition.observed_generation for condition in status.conditions} == {status.observed_generation}
    assert (status.valid_until is None) == (status.certified_at is None) == (status.not_ready_since is not None)
    assert "evidenceFresh".casefold() in {type_.casefold() for type_ in types}
    check_invariant(status, bool(review and review.spec.suspend), bool(review and review.meta.deleting), now)


def test_what_is_waited_for_is_said() -> None:
    _, before, _, now = ROWS["evaluating"]()

    assert evaluating(REVIEW, before, now, "pods").ready.message == "waiting for pods"


def _as_text(document: object) -> object:
    """Every scalar as YAML without types reads it."""
    if isinstance(document, dict):
        return {key: _as_text(value) for key, value in document.items()}
    if isinstance(document, list):
        return [_as_text(value) for value in document]
    return str(document).lower() if isinstance(document, bool) else str(document)
