"""The environment equals what the kubelet computes, and what is not read only ever adds doubts."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.evidence.config_maps import Changes, ConfigMap, Place
from readiness.evidence.configuration import needed
from readiness.evidence.environment import BUDGET, LONGEST, Absent, Doubt, Environment, Hidden, Set
from readiness.evidence.expansion import may_match, parts
from readiness.evidence.seen import Unseen, Why
from readiness.evidence.workloads import Container, ValueSource, Variable, VariablesFrom

NAMES = ["A", "B", "PA", "PB", "PPA"]
MAPS = ["one", "two", "gone"]
FORBIDDEN = Unseen(Why.FORBIDDEN, "no", "configmaps")

texts = st.lists(st.sampled_from(["x", "$", "$$", "(", ")", "$(A)", "$(B)", "$(PA)", "$(C)", "é"]), max_size=5).map(
    "".join
)
key_refs = st.builds(
    ValueSource, st.just("ConfigMap"), st.sampled_from(MAPS), st.sampled_from(["A", "B", "PA"]), st.booleans()
)
entries = st.builds(Variable, st.sampled_from(NAMES), texts) | st.builds(
    Variable, st.sampled_from(NAMES), st.just(""), key_refs
)
env_from = st.builds(
    VariablesFrom, st.just("ConfigMap"), st.sampled_from(MAPS), st.sampled_from(["", "P", "PP"]), st.booleans()
)
containers = st.builds(
    Container,
    name=st.just("web"),
    env=st.lists(entries, max_size=6).map(tuple),
    env_from=st.lists(env_from, max_size=4).map(tuple),
)
contents = st.fixed_dictionaries(
    {name: st.dictionaries(st.sampled_from(["A", "B", "PA"]), texts, max_size=3) for name in MAPS[:2]}
)


def maps(data: Mapping[str, Mapping[str, str]]) -> dict[str, ConfigMap | Unseen | None]:
    return {name: ConfigMap(name, held) for name, held in data.items()} | {"gone": None}


class CannotStartError(Exception):
    """The kubelet leaves the container waiting."""


def expanded(text: str, known: Mapping[str, str]) -> str:
    """Character by character, as the algorithm is documented."""
    out, at = "", 0
    while at < len(text):
        if text[at] == "$" and at + 1 < len(text):
            if text[at + 1] == "$":
                out, at = out + "$", at + 2
                continue
            end = text.find(")", at) if text[at + 1] == "(" else -1
            if end > 0:
                name = text[at + 2 : end]
                out, at = out + known.get(name, f"$({name})"), end + 1
                continue
            out, at = out + text[at : at + 2], at + 2
            continue
        out, at = out + text[at], at + 1
    return out


def kubelet(container: Container, data: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """envFrom in order, then env in order, written down as plainly as can be."""
    found: dict[str, str] = {}
    for entry in container.env_from:
        if entry.name not in data and not entry.optional:
            raise CannotStartError
        found.update({entry.prefix + key: value for key, value in data.get(entry.name, {}).items()})
    for variable in container.env:
        source = variable.source
        if source is None:
            found[variable.name] = expanded(variable.value, found)
        elif source.key in data.get(source.name, {}):
            found[variable.name] = data[source.name][source.key]
        elif not source.optional:
            raise CannotStartError
    return found


@settings(max_examples=500)
@given(containers, contents)
def test_every_name_has_the_value_that_the_kubelet_gives_it(
    container: Container, data: dict[str, dict[str, str]]
) -> None:
    environment = Environment(container, maps(data))
    try:
        expected = kubelet(container, data)
    except CannotStartError:
        return  # what is known of such a container is the business of examples
    for name in [*NAMES, "C"]:
        setting = environment.value(name)
        assert isinstance(setting, Set if name in expected else Absent)
        assert getattr(setting, "value", None) == expected.get(name)
    present, _ = environment.matching("P*")
    assert {name: getattr(setting, "value", None) for name, setting in present.items()} == {
        name: value for name, value in expected.items() if name.startswith("P")
    }


@given(containers, contents, st.sampled_from([*NAMES, "C", "P*", "*A"]))
def test_what_is_needed_decides(container: Container, data: dict[str, dict[str, str]], name: str) -> None:
    whole = maps(data)
    part = {one: whole[one] for one in needed(container, name)}
    if "*" in name:
        assert Environment(container, part).matching(name) == Environment(container, whole).matching(name)
    else:
        assert Environment(container, part).value(name) == Environment(container, whole).value(name)


@given(containers, contents, st.sampled_from(MAPS))
def test_a_config_map_that_is_not_seen_only_adds_doubts(
    container: Container, data: dict[str, dict[str, str]], lost: str
) -> None:
    before, after = Environment(container, maps(data)), Environment(container, maps(data) | {lost: FORBIDDEN})
    for name in [*NAMES, "C"]:
        assert after.value(name) == before.value(name) or isinstance(after.value(name), Hidden)


def test_only_what_a_rule_needs_is_needed() -> None:
    container = Container(
        "web",
        env=(
            Variable("HOST", "cache"),
            Variable("URL", "redis://$(HOST)"),
            Variable("LEVEL", source=ValueSource("ConfigMap", "levels", "level", optional=True)),
            Variable("MODE", source=ValueSource("ConfigMap", "modes", "mode")),
            Variable("MODE", "$(MODE)!"),
            Variable("TOKEN", source=ValueSource("Secret", "db", "token")),
        ),
        env_from=(VariablesFrom("ConfigMap", "all"), VariablesFrom("ConfigMap", "db", "DB_")),
    )
    assert needed(container, "URL") == frozenset()
    assert needed(container, "TOKEN") == frozenset()
    assert needed(container, "MODE") == {"modes"}
    assert needed(container, "LEVEL") == {"levels", "all"}
    assert needed(container, "OTHER") == {"all"}
    assert needed(container, "DB_HOST") == {"all", "db"}
    assert needed(container, "*_MODE") == {"all", "db"}
    assert needed(container, "M*") == {"modes", "all"}


def test_doubling_references_end_at_a_bound_and_not_at_the_memory() -> None:
    doubling = tuple(Variable(f"V{i + 1}", f"$(V{i})$(V{i})") for i in range(60))
    setting = Environment(Container("web", env=(Variable("V0", "x"), *doubling)), {}).value("V60")
    assert isinstance(setting, Hidden)
    assert (setting.doubt, setting.present, setting.counts) == (Doubt.NOT_KNOWN, True, False)
    wide = Container("web", env=(Variable("A", "x" * (LONGEST + 1)),))
    assert isinstance(Environment(wide, {}).value("A"), Hidden)
    big = Variable("BIG", "x" * LONGEST)
    many = tuple(Variable(f"V{i}", "$(BIG)") for i in range(BUDGET // LONGEST + 1))
    environment = Environment(Container("web", env=(big, *many)), {})
    assert isinstance(environment.value("V0"), Set)
    assert isinstance(environment.value(many[-1].name), Hidden)


def test_a_value_rests_on_what_later_sources_lack() -> None:
    container = Container(
        "web",
        env_from=(VariablesFrom("ConfigMap", "early"), VariablesFrom("ConfigMap", "late")),
        env=(Variable("A", source=ValueSource("ConfigMap", "late", "A", optional=True)),),
    )
    setting = Environment(container, {"early": ConfigMap("early", {"A": "1"}), "late": ConfigMap("late", {})}).value(
        "A"
    )
    assert isinstance(setting, Set)
    assert setting.rests_on == {Place("early", "A"), Place("late", "A")}
    assert setting.place == Place("early", "A")


def test_an_optional_reference_keeps_the_doubt_of_what_it_falls_back_to() -> None:
    container = Container(
        "web",
        env_from=(VariablesFrom("Secret", "db"),),
        env=(Variable("A", source=ValueSource("ConfigMap", "late", "A", optional=True)),),
    )
    setting = Environment(container, {"late": ConfigMap("late", {})}).value("A")
    assert isinstance(setting, Hidden)
    assert (setting.doubt, setting.present) == (Doubt.IN_SECRET, False)


def test_an_unseen_optional_key_is_present_where_something_earlier_sets_it() -> None:
    optional = Variable("A", source=ValueSource("ConfigMap", "lost", "A", optional=True))
    alone = Environment(Container("web", env=(optional,)), {"lost": FORBIDDEN}).value("A")
    behind = Environment(Container("web", env=(Variable("A", "1"), optional)), {"lost": FORBIDDEN}).value("A")
    assert isinstance(alone, Hidden)
    assert isinstance(behind, Hidden)
    assert (alone.present, behind.present) == (False, True)
    assert alone == replace(behind, present=False)


def test_an_optional_entry_that_sets_nothing_is_no_match() -> None:
    container = Container("web", env=(Variable("A_X", source=ValueSource("ConfigMap", "one", "gone", optional=True)),))
    present, others = Environment(container, {"one": ConfigMap("one", {})}).matching("*_X")
    assert present == {}
    assert others == Absent(frozenset({Place("one", "gone")}))


def test_pieces_of_a_value() -> None:
    assert list(parts("a$(B)$$c$d$(e$")) == [
        ("a", ""),
        ("$(B)", "B"),
        ("$", ""),
        ("c", ""),
        ("$d", ""),
        ("$(", ""),
        ("e", ""),
        ("$", ""),
    ]
    assert "".join(part for part, _ in parts("$(x$$y")) == "$(x$y"
    assert list(parts("$")) == [("$", "")]
    assert list(parts("$()x")) == [("$()", ""), ("x", "")]
    assert not list(parts(""))


def test_a_prefix_may_begin_a_name_that_fits() -> None:
    assert may_match("*_X", "DB_")
    assert may_match("DEBUG", "DE")
    assert not may_match("DEBUG", "DEBUG")
    assert not may_match("ALLOW_*", "DB_")


def test_nobody_knows_when_it_changed_without_any_time() -> None:
    assert Changes(None).of("a") is None


def test_an_entry_that_several_others_refer_to_is_followed_once() -> None:
    container = Container(
        "web",
        env=(
            Variable("HOST", source=ValueSource("ConfigMap", "hosts", "db")),
            Variable("PRIMARY", "$(HOST)"),
            Variable("URL", "$(HOST),$(PRIMARY)"),
        ),
    )

    assert needed(container, "URL") == {"hosts"}
