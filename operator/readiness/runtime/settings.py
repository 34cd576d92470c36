"""
The operator's settings: one model, read from a YAML file, the environment and flags, in rising order of precedence.

A wrong setting is refused at start with its path: an operator that ignores a misspelt bound would certify by it.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from readiness.api.v1alpha1.durations import Between, Duration

Namespace = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
ResourceName = Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z0-9-]+)*$", max_length=253)]


class WrongSettings(ValueError):  # noqa: N818  # it names what is wrong
    """Every problem found, one a line, each with the path of the setting."""


class Settings(BaseSettings):
    """What an administrator decides. Every setting is also READINESS_<NAME> in the environment (JSON for lists)."""

    model_config = SettingsConfigDict(
        env_prefix="READINESS_",
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    kubeconfig: Path | None = None
    """A kubeconfig to connect with; absent: the Pod's ServiceAccount, else KUBECONFIG or ~/.kube/config."""
    watch_namespaces: tuple[Namespace, ...] = ()
    """Namespaces whose reviews are judged; empty: all of them."""
    evidence_namespaces: dict[Namespace, tuple[ResourceName, ...]] = Field(default_factory=dict)
    """Namespaces that hold proofs about other namespaces, and of which resources, such as
    `{velero: [backups.velero.io, backupstoragelocations.velero.io]}`."""
    hold_for: Annotated[Duration, Between("0s", "24h")] = timedelta(minutes=15)
    """How long a certificate may outlive the loss of its evidence."""
    stale_after: Annotated[Duration, Between("30s", "1h")] = timedelta(minutes=3)
    """Without contact for so long, a watch proves nothing any more."""
    listen_host: str = "0.0.0.0"  # noqa: S104  # a Pod's probes and Prometheus come from outside it
    """The address that /metrics, /livez and /readyz are served on."""
    listen_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Their port; 0 takes a free one, which is logged."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important line that is logged."""
    log_format: Literal["json", "console"] = "json"
    """`console` is for people at a terminal."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags and file come as one mapping (see `load`), the environment below the flags."""
        del settings_cls, dotenv_settings, file_secret_settings
        return init_settings, env_settings


def load(file: Path | None, flags: dict[str, Any]) -> Settings:
    """Read the settings; WrongSettings names each wrong one with its path."""
    from_file = _from_file(file)
    environment = {name for name in Settings.model_fields if f"READINESS_{name}".upper() in _environment()}
    # Precedence: flags, environment, file. What the environment sets must not be hidden by the file.
    names = {to_camel(name): name for name in Settings.model_fields}
    merged = {key: value for key, value in from_file.items() if names.get(key, key) not in environment}
    merged |= {to_camel(key): value for key, value in flags.items() if value is not None}
    try:
        return Settings(**merged)
    except ValidationError as error:
        raise WrongSettings("\n".join(_said(problem, file) for problem in error.errors())) from error


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongSettings(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WrongSettings(f"{file}: no YAML: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise WrongSettings(f"{file}: must be a mapping of settings")
    return {str(key): value for key, value in found.items()}


def _environment() -> set[str]:
    return {name.upper() for name in os.environ}


def _said(problem: ErrorDetails, file: Path | None) -> str:
    path = ".".join(str(part) for part in problem["loc"]) or "settings"
    source = f" (in {file})" if file is not None else ""
    if problem["type"] == "extra_forbidden":
        known = ", ".join(to_camel(name) for name in Settings.model_fields)
        return f"{path}{source}: no such setting; there are {known}"
    return f"{path}{source}: {problem['msg']}"
