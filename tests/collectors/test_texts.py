"""Texts of strangers: whatever they hold, the answer is a tree or a reason, soon, and never the end of the process."""

import contextlib
import json
import time
import tomllib
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.api.v1alpha1.expectations.configuration import FORMATS, Format
from readiness.collectors.events import Refused
from readiness.collectors.manifests import Document, documents
from readiness.collectors.texts import LARGEST, parse
from readiness.evidence.texts import OBSCURE, Obscure, Tree, Unreadable, lookup

ALL = sorted(set(FORMATS.values()))
PIECES = [
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "\n",
    "  ",
    "a",
    "b.c",
    "=",
    '"',
    "'",
    '"""',
    "'''",
    "#",
    ";",
    "&a ",
    "*a",
    "<<",
    "!!int ",
    "!x ",
    "|",
    ">",
    "\\",
    "\\u",
    "$",
    ",",
    "1",
    "0x1",
    "---",
    "...",
    "? ",
    "%",
    "\t",
    "\r",
    "\0",
    "\ud800",
    "é",
    "~",
    ".",
]
HOSTILE = [
    "[" * 60_000,
    "{a: " * 15_000,
    "- " * 30_000,
    "? " * 30_000,
    "[{" * 30_000,
    '{"a":' * 12_000,
    "x = " + "[" * 60_000,
    "x = " + "{a=" * 15_000,
    ".".join("a" * 30_000) + " = 1",
    "[" + ".".join("a" * 30_000) + "]",
    "\n".join(f"[a{i}.b.c.d.e.f.g.h.i.j.k.l.m.n.o]" for i in range(1_500)),
    '"' + '\\"' * 32_000,
    "'" * 60_000,
    "a=\\\n" * 16_000,
    "&a " * 20_000,
    "!<" * 30_000,
    "a: &a [x]\n" + "\n".join(f"k{i}: *a" for i in range(5_000)),
    "%" * 60_000,
    "\\" * 60_000,
    "#" * 60_000,
    "9" * 60_000,
    "[" + "1," * 30_000,
]  # fmt: skip


def shallow(tree: Any, left: int = 40) -> bool:
    if left == 0:
        return False
    if isinstance(tree, dict):
        return all(isinstance(key, str) and shallow(value, left - 1) for key, value in tree.items())
    if isinstance(tree, tuple):
        return all(shallow(value, left - 1) for value in tree)
    return tree is None or isinstance(tree, (str, Obscure))


@settings(max_examples=1_000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=200), st.sampled_from(ALL))
def test_any_text_is_a_tree_or_a_reason(text: str, written_in: Format) -> None:
    found = parse(text, written_in)
    assert isinstance(found, Unreadable) or shallow(found)


@pytest.mark.parametrize("written_in", ALL)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_cost_little(text: str, written_in: Format) -> None:
    started = time.process_time()
    found = parse(text, written_in)
    assert time.process_time() - started < 2, "seconds of processor time"
    assert isinstance(found, Unreadable) or shallow(found)
    if isinstance(found, Unreadable):
        assert len(found.said) < 80
        assert "aaa" not in found.said


def test_sixty_kilobytes_of_brackets_are_refused() -> None:
    assert parse("[" * 60_000, "yaml") == Unreadable("it is nested more than 32 deep, line 1")
    assert parse("[" * 60_000, "json") == Unreadable("it is nested more than 32 deep, line 1")


def test_bounds() -> None:
    assert parse("[" * 32 + "]" * 32, "yaml") is not None
    assert isinstance(parse("[" * 33 + "]" * 33, "yaml"), Unreadable)
    assert isinstance(parse("[" * 33 + "]" * 33, "json"), Unreadable)
    assert not isinstance(parse("[" * 33 + "]" * 33, "json", depth=40), Unreadable)
    assert parse("a" * LARGEST, "yaml") == "a" * LARGEST
    assert parse("a" * (LARGEST + 1), "yaml") == Unreadable("it is larger than 64 KiB")
    assert parse("é" * (LARGEST // 2 + 1), "yaml") == Unreadable("it is larger than 64 KiB")
    assert not isinstance(parse("- \n" * 19_999, "yaml"), Unreadable)
    assert isinstance(parse("- \n" * 20_000, "yaml"), Unreadable)
    assert isinstance(parse("[" + "1," * 20_000 + "1]", "json"), Unreadable)
    sixteen = ".".join("abcdefghijklmnop")
    assert not isinstance(parse(f"{sixteen} = 1.5", "toml"), Unreadable)
    assert isinstance(parse(f"{sixteen}.q = 1.5", "toml"), Unreadable)
    assert isinstance(parse(f"[{sixteen}.q]", "toml"), Unreadable)


TEXTS: list[tuple[Format, str, Tree]] = [
    ("yaml", "a: 017\nb: 1.0\nc: yes\nd: ~\ne:\nf: 'null'\ng: 2020-01-01", {"a": "017", "b": "1.0", "c": "yes", "d": None, "e": None, "f": "null", "g": "2020-01-01"}),
    ("yaml", "a: !!str 1\nb: !!int 1\nc: !vault x\nd: |\n  two\n  lines\ne: ! x", {"a": "1", "b": OBSCURE, "c": OBSCURE, "d": "two\nlines\n", "e": "x"}),
    ("yaml", "- 1\n- [2, {3: 4}]", ("1", ("2", {"3": "4"}))),
    ("yaml", "", None),
    ("yaml", "# nothing", None),
    ("yaml", "{a: &x 1}", {"a": "1"}),
    ("json", '{"a": 1.50, "b": [true, null, "x", -0, 1e400], "c": {}}', {"a": "1.50", "b": ("true", None, "x", "-0", "1e400"), "c": {}}),
    ("toml", "a = 1_000\nb = 1.50\nc = true\nd = 1979-05-27\ne = [{f = 'x'}]\n[g.h]\ni = \"\"\"y\"\"\" # end", {"a": "1000", "b": "1.50", "c": "true", "d": OBSCURE, "e": ({"f": "x"},), "g": {"h": {"i": "y"}}}),
    ("properties", "# c\n! c\n\n a.b = 1\nc:2\nd 3\ne\nf\\=g=\\u0041\\t\\x\nh = x\\\n   y\ni = z\\", {"a.b": "1", "c": "2", "d": "3", "e": "", "f=g": "A\tx", "h": "xy", "i": "z"}),
    ("env", "# c\nA=1\nexport B = two words # c\nC='$x # y' # c\nD=\"q\"\nE=$X\nF=\"$X\"\nG=a\\b\nH=\nI='a'b", {"A": "1", "B": "two words", "C": "$x # y", "D": "q", "E": OBSCURE, "F": OBSCURE, "G": OBSCURE, "H": "", "I": OBSCURE}),
    ("ini", 'top = 1\n; c\n[s.t]\n# c\na = 1\nb: x=y\nc = 1 ; c\nd = "q"\nflag\n[u]', {"top": "1", "s.t": {"a": "1", "b": "x=y", "c": OBSCURE, "d": OBSCURE, "flag": OBSCURE}, "u": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("written_in", "text", "tree"), TEXTS)
def test_scalars_are_the_text_that_was_written(written_in: Format, text: str, tree: Tree) -> None:
    assert parse(text, written_in) == tree


REFUSED: list[tuple[Format, str]] = [
    ("yaml", "a: 1\n---\nb: 2"),
    ("yaml", "a: &x 1\nb: *x"),
    ("yaml", "a: 1\na: 2"),
    ("yaml", "<<: {a: 1}"),
    ("yaml", "[a]: 1"),
    ("yaml", "!x a: 1"),
    ("yaml", "a: b: c"),
    ("yaml", "a: \x07"),
    ("json", '{"a": 1, "a": 2}'),
    ("json", "NaN"),
    ("json", ""),
    ("json", "[1] [2]"),
    ("toml", "a = 1\na = 2"),
    ("toml", "a = '"),
    ("properties", "a=1\na=2"),
    ("properties", "a=\\u00g1"),
    ("env", "A=1\nA=2"),
    ("env", "A"),
    ("env", "=1"),
    ("env", 'A="x\ny"'),
    ("ini", "[a]\n[a]"),
    ("ini", "[a"),
    ("ini", "[a]\nb = 1\n  more"),
    ("ini", "a\na = 1"),
]


@pytest.mark.parametrize(("written_in", "text"), REFUSED)
def test_what_programs_would_read_differently_is_refused(written_in: Format, text: str) -> None:
    assert isinstance(parse(text, written_in), Unreadable)


plain = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


def tree_of(value: Any) -> Tree:
    if isinstance(value, dict):
        return {key: tree_of(inner) for key, inner in value.items()}
    return tuple(tree_of(inner) for inner in value) if isinstance(value, list) else str(value)


@given(plain)
def test_what_was_written_is_read(value: Any) -> None:
    assert parse(json.dumps(value), "json") == tree_of(value)
    assert parse(yaml.safe_dump(value, default_style='"', allow_unicode=True), "yaml") == tree_of(value)


@given(st.text("abc =:\\.\"'[]\n#1_-", max_size=60))
def test_toml_is_what_the_standard_library_reads(text: str) -> None:
    found = parse(text, "toml")
    try:
        tomllib.loads(text)
    except ValueError:
        assert isinstance(found, Unreadable)
    else:
        assert not isinstance(found, Unreadable)


def test_lookup() -> None:
    tree: Tree = {"a": {"b.c": ("0", {"d": "x"}), "n": None, "o": OBSCURE}, "a.b": "whole", "\\": "y"}
    assert lookup(tree, r"a.b\.c.1.d") == "x"
    assert lookup(tree, r"a.b\.c.0") == "0"
    assert lookup(tree, r"a.b\.c.2") is None
    assert lookup(tree, r"a.b\.c.x") is None
    assert lookup(tree, r"a.b\.c.²") is None
    assert lookup(tree, "a.n") is None
    assert lookup(tree, "a.n.more") is None
    assert lookup(tree, "gone.more") is None
    assert lookup(tree, "a.b", whole=True) == "whole"
    assert lookup(tree, r"a\.b") == "whole"
    assert lookup(tree, "\\\\") == "y"
    assert lookup(tree, "\\x") is None
    assert lookup(tree, r"a.b\.c.1.d.e") is None
    assert isinstance(lookup(tree, "a.o"), Unreadable)
    assert isinstance(lookup(tree, "a.o.p"), Unreadable)
    assert isinstance(lookup(tree, "a"), Unreadable)
    assert isinstance(lookup(("x",), ""), Unreadable | None)


TYPED: list[tuple[str, Any]] = [
    ("on", True), ("Off", False), ("y", True), ("null", None), ("~", None), ("'on'", "on"), ("!!str on", "on"),
    ("1", 1), ("-1", -1), ("+1", 1), ("010", 8), ("0o10", 8), ("0x1F", 31), ("0b11", 3), ("-0b11", -3), ("1_000", 1000),
    ("08", 8), ("1.0", 1), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000), ("1e", "1e"), ("1e30", 1e30), (".", "."),
    ("2020-01-01", "2020-01-01"), ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z"), ("2020-1-1 10:00:00", "2020-1-1 10:00:00"),
    ("!!timestamp 2020-01-01", "2020-01-01"), ("12:30:45", "12:30:45"), ("1.2.3", "1.2.3"), ("0x", "0x"), ("-", None), ("100m", "100m"),
    ("!!float 1", 1), ("!!int '1'", 1), ("!!bool 'true'", True), ("!!null ''", None), ("18446744073709551615", 18446744073709551615),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), TYPED, ids=[text for text, _ in TYPED])
def test_manifests_are_typed_as_kubectl_types_them(text: str, value: Any) -> None:
    found = [one.value for one in documents(f"a: {text}" if text != "-" else "a: ~")]
    assert found == [{"a": value}]
    assert type(found[0]["a"]) is type(value)


def test_keys_become_text() -> None:
    assert next(documents("on: 1\n1: 2\n1.5: 3\n2020-01-01: 4")).value == {"true": 1, "1": 2, "1.5": 3, "2020-01-01": 4}
    assert next(documents("off: 1")).value == {"false": 1}


def test_documents_with_their_places() -> None:
    text = "# c\na: 1\n---\n---\n# c\nb: 2\n...\n---\nc: 3\n"
    assert list(documents(text, file="x.yaml")) == [
        Document("x.yaml", 1, 2, {"a": 1}),
        Document("x.yaml", 3, 4, {"b": 2}),
        Document("x.yaml", 4, 8, {"c": 3}),
    ]


def test_aliases_and_merges() -> None:
    text = "base: &b {x: 1, w: 2}\nl: &l [1]\na: {<<: *b, w: 3}\nc: {w: 4, <<: [*b, {z: 5}]}\nd: *l\ne: &k f"
    assert next(documents(text)).value == {
        "base": {"x": 1, "w": 2},
        "l": [1],
        "a": {"x": 1, "w": 3},
        "c": {"x": 1, "w": 4, "z": 5},
        "d": [1],
        "e": "f",
    }
    assert next(documents("&k a: *k")).value == {"a": "a"}


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("a: 1\n---\nb: 1\nb: 2", "document 2: it has a key twice", 4),
        ("a: [1\nb", "document 1: it is not YAML", 3),
        ("a: *b", "document 1: an alias refers to nothing, or to itself", 1),
        ("a: &a [*a]", "document 1: an alias refers to nothing, or to itself", 1),
        ("a: &a x\n*a : y", "document 1: a key is an alias", 2),
        ("<<: 1", "document 1: what is merged is no mapping", 1),
        ("<<: {a: 1}\n<<: {b: 1}", "document 1: it has a key twice", 2),
        ("? [a]\n: b", "document 1: a key is a list or mapping", 1),
        ("~: 1", "document 1: a key is null", 1),
        ("a: .nan", "document 1: it holds a number that JSON does not have", 1),
        ("a: !x y", "document 1: it has a tag that JSON knows nothing of", 1),
        ("a: !!int x", "document 1: a value does not fit its tag", 1),
        ("a: \x07", "document 1: it is not YAML", 0),
        ("a: \ud800", "document 1: it is not YAML", 0),
        ("[" * 300, "document 1: it is nested more than 256 deep", 1),
    ],
)
def test_what_is_wrong_with_a_manifest(text: str, said: str, line: int) -> None:
    with pytest.raises(Refused) as caught:
        list(documents(text))
    assert (caught.value.said, caught.value.line) == (said, line)


def test_bombs_are_refused() -> None:
    steps = zip("abcdefgh", "bcdefghi", strict=True)
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in steps)
    with pytest.raises(Refused, match="more than 1000000 values"):
        list(documents(bomb))
    merges = "a: &a {k: 1}\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} {{<<: [{', '.join([f'*{chr(97 + i)}'] * 20)}], k{i}: 1}}\n" for i in range(10)
    )
    with pytest.raises(Refused, match="more than 1000000 values"):
        list(documents(merges))
    chain = "a0: &a0 [1]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(300))
    with pytest.raises(Refused, match="nested more than 256 deep"):
        list(documents(chain))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_manifest_is_documents_or_a_refusal(text: str) -> None:
    with contextlib.suppress(Refused):
        for one in documents(text):
            json.dumps(one.value, allow_nan=False)
