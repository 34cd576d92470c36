from readiness.api.v1alpha1.review import Invalid, Review
from readiness.runtime.register import Comparison, Register
from tests.runtime.virtual import raw


def test_only_what_a_judge_would_notice_is_news() -> None:
    register = Register()
    assert register.put(raw(version=5)) is not None
    assert register.put(raw(version=5)) is None
    assert register.put(raw(version=6, metadata={"labels": {"a": "b"}})) is None
    assert register.put(raw(version=7, generation=2)) is not None
    assert register.put(raw(version=8, generation=2, status={"observedGeneration": 2})) is not None
    assert (
        register.put(raw(version=9, generation=2, metadata={"deletionTimestamp": "2026-11-21T10:00:00Z"})) is not None
    )


def test_an_older_version_changes_nothing() -> None:
    register = Register()
    register.put(raw(version=10, generation=3))
    assert register.put(raw(version=9, generation=2)) is None
    entry = register.entry("u-1")
    assert entry is not None
    assert (entry.version, entry.generation) == (10, 3)


def test_versions_are_compared_as_numbers() -> None:
    register = Register()
    register.put(raw(version=99, generation=1))
    assert register.put(raw(version=100, generation=2)) is not None


def test_a_successor_of_the_same_name_takes_the_place_of_the_older_one() -> None:
    dropped: list[str] = []
    register = Register(dropped.append)
    register.put(raw(uid="old", version=10))
    assert register.put(raw(uid="new", version=20)) is not None
    assert dropped == ["old"]
    assert register.uids() == {"new"}
    assert register.put(raw(uid="old", version=15)) is None, "a late word of the dead"
    assert register.uids("shop") == {"new"}
    assert register.drop("old") is False
    assert register.drop("new") is True
    assert (register.uids("shop"), len(register), list(register)) == (frozenset(), 0, [])


def test_what_is_no_object_of_an_api_server_is_left_out() -> None:
    register = Register()
    assert register.put({"metadata": {"name": "x"}}) is None
    assert register.put(raw(metadata={"resourceVersion": "abc"})) is None
    assert len(register) == 0


def test_a_list_drops_only_what_was_known_before_it_began() -> None:
    register = Register()
    register.put(raw("gone", uid="gone", version=5))
    register.put(raw("stays", uid="stays", version=6))
    before = register.uids()
    register.put(raw("young", uid="young", version=9))
    compared = register.compare(before, {"stays": 7, "missed": 8})
    assert compared == Comparison(frozenset({"gone"}), frozenset({"stays", "missed"}))


def test_spec_and_status_are_read_when_asked() -> None:
    register = Register()
    valid = register.put(raw(status={"observedGeneration": 3}))
    invalid = register.put(raw("other", uid="u-2", spec={"areas": "no list", "suspend": True}))
    assert valid is not None
    assert invalid is not None
    assert isinstance(valid.read(), Review)
    assert isinstance(invalid.read(), Invalid)
    assert valid.stored().observed_generation == 3
    assert (valid.suspended, invalid.suspended) == (False, True)
