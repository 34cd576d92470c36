"""Settings: three sources, one precedence, and every wrong one told with its path and its source."""

from datetime import timedelta
from pathlib import Path

import click
import pytest

from readiness.runtime import cli
from readiness.runtime import settings as module
from readiness.runtime.settings import NAMES, Settings, WrongSettings, load


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return path


def wrong(
    file: Path | None = None, flags: dict[str, object] | None = None, env: dict[str, str] | None = None
) -> list[str]:
    with pytest.raises(WrongSettings) as caught:
        load(file, flags or {}, env or {})
    return str(caught.value).splitlines()


def test_nothing_given_is_every_default() -> None:
    assert load(None, {}, {}) == Settings()


@pytest.mark.parametrize(
    ("flag", "env", "port"),
    [(None, None, 1), (None, "2", 2), ("3", None, 3), ("3", "2", 3), (None, "", 1)],
    ids=["file", "environment over file", "flag over file", "flag over both", "an empty variable is none"],
)
def test_flags_win_over_the_environment_and_that_over_the_file(
    tmp_path: Path, flag: str | None, env: str | None, port: int
) -> None:
    file = written(tmp_path, "listenPort: 1\nholdFor: 1h\n")
    found = load(file, {"listen_port": flag}, {} if env is None else {"READINESS_LISTEN_PORT": env})
    assert (found.listen_port, found.hold_for) == (port, timedelta(hours=1))


def test_a_wrong_value_that_another_source_overrides_is_no_value(tmp_path: Path) -> None:
    assert load(written(tmp_path, "logLevel: LOUD"), {"log_level": "debug"}, {}).log_level == "debug"


@pytest.mark.parametrize("text", ["orders, payments", '["orders", "payments"]', "orders,payments,"])
def test_namespaces_in_the_environment_are_json_or_have_commas_between_them(text: str) -> None:
    assert load(None, {}, {"READINESS_WATCH_NAMESPACES": text}).watch_namespaces == ("orders", "payments")


def test_a_mapping_in_the_environment_is_json() -> None:
    found = load(None, {}, {"READINESS_EVIDENCE_NAMESPACES": '{"velero": ["backups.velero.io"]}'})
    assert found.evidence_namespaces == {"velero": ("backups.velero.io",)}


def test_everything_wrong_is_told_at_once_with_its_path_and_its_source(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "holdFor: 3d\nevidenceNamespaces: {velero: [backup.velero.io], A_: []}\nlogLevel: debug\nstaleAfter: 2h\n",
    )
    found = wrong(
        file,
        {"listen_port": "70000", "watch_namespaces": ("a", "B")},
        {"READINESS_LOG_LEVEL": "LOUD", "READINESS_HOLDFOR": "1h"},
    )
    said = "write backups.velero.io"
    assert sorted(found) == sorted(
        [
            "READINESS_HOLDFOR: is not a variable that this operator knows; write READINESS_HOLD_FOR",
            f"holdFor (in {file}): is not a duration such as 30s, 26h or 1h30m; write it as 30s, 26h or 1h30m",
            (
                f'evidenceNamespaces.velero[0] (in {file}): "backup.velero.io" is no resource that is ever read from '
                f"another namespace; {said}"
            ),
            f'evidenceNamespaces.A_ (in {file}): is "A_"; write lower-case letters, digits and dashes',
            f"staleAfter (in {file}): must be from 30s to 1h; write a duration from 30s to 1h",
            "listenPort (in --listen-port): is more than 65535; write 65535 or less",
            'watchNamespaces[1] (in --watch-namespace): is "B"; write lower-case letters, digits and dashes',
            'logLevel (in READINESS_LOG_LEVEL): is "LOUD"; choose debug, info, warning or error',
        ]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("listenport: 1", "listenport (in {file}): is not a field that this operator knows; write listenPort"),
        ("listen_port: 1", "listen_port (in {file}): is not a field that this operator knows; write listenPort"),
        ("listenPort: 1\nlistenPort: 2", "{file}: line 2: document 1: it has a key twice"),
        ("- a", "{file}: must be one mapping of settings"),
        ("logLevel: info\n---\nlogLevel: debug", "{file}: must be one mapping of settings"),
        (
            "listenPort: many",
            'listenPort (in {file}): must be a whole number, not "many"; write it without quotes and without a fraction',
        ),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    assert wrong(file) == [said.format(file=file)]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert wrong(tmp_path / "none.yaml") == [f"{tmp_path}/none.yaml: No such file or directory"]


@pytest.mark.parametrize("text", ["{", "[" * 60_000, "{'velero': []}"])
def test_what_is_no_json_in_the_environment_is_told_with_an_example(text: str) -> None:
    assert wrong(env={"READINESS_EVIDENCE_NAMESPACES": text}) == [
        (
            "evidenceNamespaces (in READINESS_EVIDENCE_NAMESPACES): is not JSON; "
            'write it as {"velero": ["backups.velero.io"]}'
        )
    ]


def test_variables_of_others_are_passed_over() -> None:
    others = {
        "READINESS_LISTEN_SERVICE_HOST": "10.0.0.1",
        "READINESS_OPERATOR_PORT_8080_TCP_ADDR": "10.0.0.1",
        "READINESS_OPERATOR_SERVICE_PORT_METRICS": "8080",
        "READINESS_TEST_KUBECONFIG": "/x",
        "READINESS_CACHE": "/x",
        "PATH": "/bin",
    }
    assert load(None, {}, others) == Settings()


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    assert load(written(tmp_path, "# nothing\nlogLevel:\n"), {}, {}) == Settings()


def test_every_setting_but_the_mapping_has_a_flag_of_its_name() -> None:
    command = cli.main.commands["run"]
    flags = {flag for option in command.params if isinstance(option, click.Option) for flag in option.opts}
    assert flags == {module.flag(name) for name in NAMES if name != "evidenceNamespaces"} | {"--settings"}


def test_the_shipped_sample_is_right() -> None:
    sample = Path(__file__).parents[2] / "deploy" / "samples" / "settings.yaml"
    assert "velero" in load(sample, {}, {}).evidence_namespaces
