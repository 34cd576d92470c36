"""
The operator's settings: one model, read from a YAML file, the environment and flags, in rising order of precedence.

A wrong setting is refused at start, with its path and where it was set, all of them at once: an operator that passes
over a misspelt bound would certify by it.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationError
from pydantic.alias_generators import to_camel

from readiness.api.v1alpha1 import explained
from readiness.api.v1alpha1.durations import Between, Duration
from readiness.api.v1alpha1.parameters import listed
from readiness.api.v1alpha1.problems import Flaw, quoted, refused
from readiness.api.v1alpha1.words import ContainerName
from readiness.collectors import manifests
from readiness.collectors.events import Refused
from readiness.evidence.resources import ELSEWHERE

PREFIX: Final = "READINESS_"
_ELSEWHERE: Final = tuple(sorted(one.name for one in ELSEWHERE))


def _known(resource: str) -> str:
    """A misspelt resource would be listed for nothing."""
    if resource not in _ELSEWHERE:
        close = difflib.get_close_matches(resource, _ELSEWHERE, n=1)
        said = f"{quoted(resource)} is no resource that is ever read from another namespace"
        raise refused(Flaw("", said, f"write {close[0] if close else listed(_ELSEWHERE)}"))
    return resource


def _number(value: object) -> object:
    """Variables and flags are text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9 else value


Namespace = ContainerName
Port = Annotated[StrictInt, Field(ge=0, le=65535), BeforeValidator(_number)]
EvidenceResource = Annotated[str, AfterValidator(_known)]


class Settings(BaseModel):
    """What an administrator decides."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    kubeconfig: Path | None = None
    """A kubeconfig to connect with. Absent: the Pod's ServiceAccount, else KUBECONFIG or ~/.kube/config."""
    watch_namespaces: tuple[Namespace, ...] = ()
    """Namespaces whose reviews are judged. Absent: all of them."""
    evidence_namespaces: dict[Namespace, tuple[EvidenceResource, ...]] = Field(default_factory=dict)
    """
    Namespaces that hold proofs about other namespaces, and which resources are read there, such as
    `{velero: [backups.velero.io, backupstoragelocations.velero.io]}`. Whoever may write there can forge proofs.
    Absent: none.
    """
    hold_for: Annotated[Duration, Between("0s", "24h")] = timedelta(minutes=15)
    """How long a certificate may outlive the loss of its evidence, from 0s to 24h. Absent: 15m."""
    stale_after: Annotated[Duration, Between("30s", "1h")] = timedelta(minutes=3)
    """Without contact for so long, from 30s to 1h, a watch proves nothing any more. Absent: 3m."""
    listen_host: Annotated[str, Field(min_length=1)] = "0.0.0.0"  # noqa: S104  # a Pod's probes and Prometheus come from outside it
    """The address that /metrics, /livez and /readyz are served on. Absent: 0.0.0.0."""
    listen_port: Port = 8080
    """Their port; 0 takes a free one, which is logged. Absent: 8080."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important line that is logged. Absent: info."""
    log_format: Literal["json", "console"] = "json"
    """console is for people at a terminal. Absent: json."""


NAMES: Final[dict[str, str]] = {field.alias or name: name for name, field in Settings.model_fields.items()}
"""As a file has it -> as Python has it."""


class WrongSettings(ValueError):  # noqa: N818  # it names what is wrong
    """Every problem found, one a line, each with the path of the setting."""


@dataclass(frozen=True, slots=True)
class _Given:
    value: Any
    source: str


def variable(name: str) -> str:
    """`READINESS_LISTEN_PORT`."""
    return f"{PREFIX}{NAMES[name].upper()}"


def flag(name: str) -> str:
    """`--listen-port`; a list's flag is repeated, so that it is in the singular."""
    return "--watch-namespace" if name == "watchNamespaces" else f"--{NAMES[name].replace('_', '-')}"


def load(file: Path | None, flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Read the settings; `flags` by Python's names, None where not given. WrongSettings names each wrong one."""
    problems: list[str] = []
    given = {
        **_from_file(file, problems),
        **_from_environment(environment, problems),
        **{to_camel(name): _Given(value, flag(to_camel(name))) for name, value in flags.items() if value is not None},
    }
    values = {name: one.value for name, one in given.items()}
    try:
        settings = Settings.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        problems += _said(error, given)
    if problems:
        raise WrongSettings("\n".join(problems))
    return settings


def _from_file(file: Path | None, problems: list[str]) -> dict[str, _Given]:
    if file is None:
        return {}
    try:
        found = [one.value for one in manifests.documents(file.read_text(encoding="utf-8-sig"))]
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        problems.append(f"{file}: {said}")
        return {}
    except Refused as refusal:
        problems.append(f"{file}: line {refusal.line}: {refusal.said}")
        return {}
    if not all(isinstance(one, dict) for one in found) or len(found) > 1:
        problems.append(f"{file}: must be one mapping of settings")
        return {}
    return {name: _Given(value, str(file)) for name, value in (found[0] if found else {}).items() if value is not None}


_NOT_OURS: Final = re.compile(
    r".*_SERVICE_HOST|.*_SERVICE_PORT(_.*)?|.*_PORT(_[0-9]+_(TCP|UDP|SCTP)(_.*)?)?"  # Kubernetes' links to Services
    rf"|{PREFIX}TEST_.*"  # read by the tests of this repository
)


def _from_environment(environment: Mapping[str, str], problems: list[str]) -> dict[str, _Given]:
    """Lists and mappings as JSON, a list of namespaces with commas between them too."""
    names = {variable(name): name for name in NAMES}
    given: dict[str, _Given] = {}
    for found, text in environment.items():
        if found in names and text:
            try:
                given[names[found]] = _Given(_decoded(names[found], text), found)
            except ValueError:
                problems.append(f"{names[found]} (in {found}): is not JSON; write it as {_JSON[names[found]]}")
        elif found.startswith(PREFIX) and not _NOT_OURS.fullmatch(found):
            close = difflib.get_close_matches(found, names, n=1, cutoff=0.8)
            if close:
                problems.append(f"{found}: is not a variable that this operator knows; write {close[0]}")
    return given


_JSON: Final = {
    "watchNamespaces": 'orders,payments or ["orders", "payments"]',
    "evidenceNamespaces": '{"velero": ["backups.velero.io"]}',
}


def _decoded(name: str, text: str) -> Any:
    if name == "watchNamespaces" and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if name not in _JSON:
        return text
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError(text) from error


def _said(error: ValidationError, given: Mapping[str, _Given]) -> Iterator[str]:
    for problem in explained.problems(error, "", Settings):
        path = problem.path.removeprefix(".")
        name = re.split(r"[.\[]", path, maxsplit=1)[0]
        source = f" (in {given[name].source})" if name in given else ""
        yield f"{path}{source}: {problem.said}; {problem.fix}"
