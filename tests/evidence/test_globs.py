"""Patterns as Velero reads them, and none that takes time or fails."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.evidence import globs


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("shop", "shop", True),
        ("shop", "shop2", False),
        ("shop", "sho", False),
        ("*", "", True),
        ("*", "shop", True),
        ("shop*", "shop", True),
        ("s*p", "shop", True),
        ("*-test", "shop-test", True),
        ("*-test", "shop-tests", False),
        ("sh?p", "shop", True),
        ("sh?p", "shp", False),
        ("sho[a-p]", "shop", True),
        ("sho[a-o]", "shop", False),
        ("sho[!a-o]", "shop", True),
        ("sho[xyp]", "shop", True),
        ("sho[!xyp]", "shop", False),
        ("sho[p", "shop", False),  # not closed
        ("{shop,pay}-prod", "pay-prod", True),
        ("{shop,pay}-{prod,test}", "pay-dev", False),
        ("{shop,pay", "shop", False),  # not closed
        ("shop-{a,*}", "shop-b", True),
        ("shop.prod", "shopxprod", False),
        ("", "", True),
    ],
)
def test_matches(pattern: str, name: str, expected: bool) -> None:
    assert globs.matches(pattern, name) is expected


@given(st.text("ab*?[]{},!-", max_size=40), st.text("ab-", max_size=20))
def test_any_pattern_is_answered(pattern: str, name: str) -> None:
    assert globs.matches(pattern, name) in {True, False}


@given(st.text("abc-", max_size=20))
def test_a_literal_matches_itself_alone(name: str) -> None:
    assert globs.literal(name)
    assert globs.matches(name, name)
    assert not globs.matches(name, f"{name}x")


@pytest.mark.parametrize("pattern", ["*a" * 200, "{a,b}" * 200, "{" * 5000, "[a-z]" * 500, "{" + "a," * 5000 + "}"])
def test_hostile_patterns_take_no_time(pattern: str) -> None:
    begun = time.perf_counter()
    globs.matches(pattern, "a" * 63)
    assert time.perf_counter() - begun < 1.0
