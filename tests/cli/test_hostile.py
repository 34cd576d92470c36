"""Whatever is in a file, the answer is a message: no traceback, no hang, and no line that shows what may be a password."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.collectors.sources import LIMIT
from tests.cli.support import GOOD, REVIEW, review, run, written

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

TEXTS: dict[str, tuple[bytes, str]] = {
    "brackets": (b"[" * 60_000, "it is nested more than 256 deep (line 1)"),
    "braces": (b"{a: " * 60_000, "it is nested more than 256 deep (line 1)"),
    "an alias bomb": (BOMB.encode(), "it has more than 1000000 values"),
    "ten megabytes": (b"a: " + b"x" * 10_000_000, f"is larger than {LIMIT // 1024**2} MiB: split it"),
    "no UTF-8": (b"a: \xff\xfe", "is not UTF-8 text"),
    "UTF-16": ("a: b".encode("utf-16"), "is not UTF-8 text"),
    "a NUL": (b"a: \x00", "it is not YAML"),
    "nothing": (b"", "the manifests hold no object"),
    "comments": (b"# nothing\n---\n# here\n", "the manifests hold no object"),
    "a tag of Python": (b"!!python/object/apply:os.system [id]", "must be a Kubernetes object"),
    "an alias of itself": (b"a: &a [*a]", "an alias refers to nothing, or to itself"),
    "a template": (b"a: {{ .Values.x }}\nb: {{- end }}", "a key is a list or mapping"),
    "a list": (b"[1, 2]", "the document must be a Kubernetes object, a mapping"),
    "infinity": (b"a: .inf", "it holds a number that JSON does not have"),
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("option", ["--manifests", "--file", "stdin"])
def test_a_hostile_file_is_a_clear_message(tmp_path: Path, case: str, option: str) -> None:
    raw, said = TEXTS[case]
    (tmp_path / "hostile.yaml").write_bytes(raw)
    paths = written(tmp_path, review=REVIEW, good=GOOD)
    began = time.monotonic()
    if option == "--file":
        found = review("--file", tmp_path / "hostile.yaml", "--manifests", paths["good"])
        said = "no ReadinessReview in the file that --file names" if "no object" in said else said
    elif option == "stdin":
        found = review("--file", paths["review"], "--manifests", "-", stdin=raw)
    else:
        found = review("--file", paths["review"], "--manifests", tmp_path / "hostile.yaml")
    assert (found.exit_code, found.stdout) == (2, "")
    assert said in found.stderr
    assert len(found.stderr) < 1000
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("text", ["data: hunter2", "hunter2", "{apiVersion: v1, kind: Secret, stringData: hunter2}"])
def test_what_may_be_a_password_is_never_shown(tmp_path: Path, text: str) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2, broken: [}"
    paths = written(tmp_path, review=REVIEW, text=text, secret=secret)
    found = review("--file", paths["review"], "--manifests", paths["text"], paths["secret"])
    assert found.exit_code == 2
    assert "hunter2" not in found.output


def test_a_secret_among_the_manifests_is_nothing_that_is_read(tmp_path: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2}"
    paths = written(tmp_path, review=REVIEW, good=GOOD, secret=secret)
    found = review("--file", paths["review"], "--manifests", paths["good"], paths["secret"], "-o", "yaml")
    assert found.exit_code == 0
    assert "hunter2" not in found.output


def test_a_folder_that_cannot_be_read_and_files_that_are_none_are_told(tmp_path: Path) -> None:
    paths = written(tmp_path, review=REVIEW, good=GOOD)
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    found = review("--file", paths["review"], "--manifests", tmp_path / "loop.yaml", "/dev/zero", "absent")
    assert found.exit_code == 2
    assert [line.rpartition(": ")[2] for line in found.stderr.splitlines()] == [
        "Too many levels of symbolic links",
        "split it",
        "No such file or directory",
    ]


@pytest.mark.parametrize("text", ["[" * 60_000, "a: &a [*a]", "a: 1\na: 2", "- 1", "a: 1\n---\nb: 2", "{{"])
def test_hostile_settings_are_a_clear_message(tmp_path: Path, text: str) -> None:
    paths = written(tmp_path, settings=text)
    found = run("review", "--manifests", paths["settings"], "--settings", paths["settings"])
    assert (found.exit_code, len(found.stderr.splitlines())) == (2, 1)
    assert found.stderr.startswith(f"readiness: {paths['settings']}: ")


WORDS = st.sampled_from(["apiVersion", "kind", "metadata", "spec", "items", "List", "v1", "Pod", "name", "labels"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
KINDS = st.sampled_from(
    [
        ("apps/v1", "Deployment"),
        ("batch/v1", "CronJob"),
        ("v1", "Pod"),
        ("v1", "ConfigMap"),
        ("v1", "PersistentVolumeClaim"),
        ("external-secrets.io/v1", "ExternalSecret"),
        ("velero.io/v1", "Backup"),
        ("readiness.dev/v1alpha1", "ReadinessReview"),
    ]
)
CALM = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@CALM
@given(text=st.text(max_size=200) | st.text("[]{}:,-&*!|>'\"%@`#? \n\tab0.~", max_size=80))
def test_no_text_raises(tmp_path: Path, text: str) -> None:
    found = review("-", "--file", written(tmp_path, review=REVIEW)["review"], stdin=text.encode("utf-8", "replace"))
    assert found.exit_code in {1, 2}


@CALM
@given(raw=st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    assert review("-", stdin=raw).exit_code in {1, 2}


@CALM
@given(kind=KINDS, parts=st.dictionaries(st.sampled_from(["spec", "status", "data"]), JSON), meta=JSON)
def test_no_object_raises_whatever_its_fields_hold(
    tmp_path: Path, kind: tuple[str, str], parts: dict[str, object], meta: object
) -> None:
    metadata = {"name": "x", **meta} if isinstance(meta, dict) else {"name": "x"}
    text = json.dumps({"apiVersion": kind[0], "kind": kind[1], "metadata": metadata, **parts})
    everything = REVIEW + "".join(
        f"    - {{name: {kind.lower()}, check: {{{kind}: {{}}}}}}\n"
        for kind in ("nonRoot", "externalSecrets", "backups")
    )
    found = review("-", "--file", written(tmp_path, review=everything)["review"], "-o", "yaml", stdin=text)
    assert found.exit_code in {1, 2}
