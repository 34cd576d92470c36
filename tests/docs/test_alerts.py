"""The rules that ship for Prometheus: they speak of metrics that the operator has, and fire when they should."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from hack import gen_alerts
from tests.outputs.test_metrics import text_of_everything

TESTS = Path(__file__).parent / "alerts.test.yaml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(gen_alerts.RULES.read_text())["groups"] for rule in group["rules"]
]


def promtool(*words: object, given: str = "") -> str:
    """What it prints; a rule that it finds fault with fails the test. It comes with the package `prometheus`."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(
        [found, *map(str, words)], input=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_finds_no_fault_with_the_metrics() -> None:
    assert promtool("check", "metrics", given=text_of_everything()) == ""


def test_promtool_finds_no_fault_with_the_rules() -> None:
    assert f"SUCCESS: {len(RULES)} rules found" in promtool("check", "rules", gen_alerts.RULES)


def test_each_alert_fires_when_it_should(tmp_path: Path) -> None:
    shutil.copy(gen_alerts.RULES, tmp_path)
    shutil.copy(TESTS, tmp_path)
    assert "SUCCESS" in promtool("test", "rules", tmp_path / TESTS.name)


def test_each_rule_has_a_test() -> None:
    """Where promtool is missing, too: an alert is seen firing and silent, an indicator with a value."""
    tests = yaml.safe_load(TESTS.read_text())["tests"]
    checks = [check for test in tests for check in test["alert_rule_test"]]
    alerts = {rule["alert"] for rule in RULES if "alert" in rule}
    assert {check["alertname"] for check in checks if check["exp_alerts"]} == alerts
    assert {check["alertname"] for check in checks if not check["exp_alerts"]} == alerts
    asked = " ".join(check["expr"] for test in tests for check in test.get("promql_expr_test", ()))
    assert {rule["record"] for rule in RULES if "record" in rule} == set(re.findall(r"readiness:[\w:]+", asked))


def test_rules_speak_of_metrics_and_labels_that_there_are() -> None:
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text_of_everything()):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
        labels.setdefault(family.name, set())
    for rule in RULES:
        for metric, chosen in re.findall(r"(readiness_\w+)(?:\{([^}]*)\})?", rule["expr"]):
            assert metric in labels, rule
            assert set(re.findall(r"(\w+)[=!~]", chosen)) <= labels.get(metric, set()), rule


def test_every_bucket_that_a_rule_names_is_one() -> None:
    """Prometheus finds none where `le` is written otherwise than the operator writes it."""
    text = text_of_everything()
    for rule in RULES:
        for bucket in re.findall(r'le="([^"]+)"', rule["expr"]):
            assert f'le="{bucket}"' in text, rule


def test_the_page_shows_every_rule() -> None:
    [(path, page)] = gen_alerts.pages()
    assert (gen_alerts.ROOT / path).read_text() == page, "run make generate"
    for rule in RULES:
        assert f"# {rule.get('alert') or rule['record']}\n" in page
