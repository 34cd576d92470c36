"""
Who we are to the API server: address, TLS and bearer token, as `kubernetes.aio.config` finds them.

The session's own machinery for loading, with our own rules for renewing. It must not know what is requested.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException, load_kube_config
from kubernetes.aio.config.incluster_config import (
    SERVICE_CERT_FILENAME,
    SERVICE_HOST_ENV_NAME,
    SERVICE_TOKEN_FILENAME,
    InClusterConfigLoader,
)
from yaml import YAMLError, safe_load

Unusable = (ConfigException, YAMLError, OSError, ValueError, KeyError, TypeError, AttributeError)
"""What loading raises where credentials are missing or broken (ssl.SSLError is an OSError)."""

NAMESPACE_FILE = SERVICE_TOKEN_FILENAME.replace("token", "namespace")

_RENEW_EVERY = 60.0
_RENEW_AFTER_REFUSAL = 10.0


@dataclass(slots=True)
class Credentials:
    """Where the server is and what to show it; the token file is read anew for every request."""

    host: str
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    proxy: str | None = None
    token_file: str = ""
    namespace: str = "default"
    _token: str = ""
    _loader: Any = None
    _configuration: Any = None
    _renewed: float = 0.0
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def plain(cls, host: str, token: str = "", tls: ssl.SSLContext | None = None) -> "Credentials":
        """A fixed token, or none."""
        return cls(host.rstrip("/"), tls, _token=f"Bearer {token}" if token else "")

    @classmethod
    def in_cluster(
        cls,
        token_file: str = SERVICE_TOKEN_FILENAME,
        ca_file: str = SERVICE_CERT_FILENAME,
        environ: Mapping[str, str] = os.environ,
    ) -> "Credentials":
        """Those of the Pod's service account."""
        loader = InClusterConfigLoader(token_file, ca_file, try_refresh_token=False, environ=environ)  # type: ignore[no-untyped-call]
        configuration = Configuration()
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
        return cls(configuration.host, _tls(configuration), token_file=token_file)

    @classmethod
    async def kubeconfig(cls, path: str, now: float, context: str | None = None) -> "Credentials":
        """Those of a context of a kubeconfig, absent: the current one: tokens, client certificates, exec plugins."""
        configuration = Configuration()
        loader = await load_kube_config(  # type: ignore[no-untyped-call]
            config_file=path, context=context, client_configuration=configuration, persist_config=False
        )
        made = cls(
            configuration.host.rstrip("/"),
            _tls(configuration) if configuration.host.startswith("https:") else None,
            configuration.tls_server_name or None,
            configuration.proxy or None,
            namespace=str(loader.current_context["context"].get("namespace") or "default"),
            _loader=loader,
            _configuration=configuration,
            _renewed=now,
        )
        made._token = configuration.api_key.get("BearerToken", "")
        return made

    @classmethod
    async def find(cls, kubeconfig: str | None, now: float) -> "Credentials":
        """The named kubeconfig; else the Pod's; else the user's kubeconfig."""
        if kubeconfig:
            return await cls.kubeconfig(kubeconfig, now)
        if SERVICE_HOST_ENV_NAME in os.environ and os.access(SERVICE_TOKEN_FILENAME, os.R_OK):
            return cls.in_cluster()
        return await cls.kubeconfig(os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config"), now)

    @classmethod
    async def as_kubectl(cls, kubeconfig: str | None, context: str | None, now: float) -> "Credentials":
        """The named kubeconfig; else those that KUBECONFIG lists, or the user's; without any, in a Pod, the Pod's."""
        wanted, there = _files(kubeconfig)
        if there:
            return await cls.kubeconfig(os.pathsep.join(there), now, context or _current(there))
        if not kubeconfig and not context and os.access(SERVICE_TOKEN_FILENAME, os.R_OK):
            found = cls.in_cluster()
            found.namespace = _text(NAMESPACE_FILE)
            return found
        raise ConfigException(f"there is no kubeconfig at {' or '.join(wanted)}")

    async def authorization(self, now: float) -> str:
        """The Authorization header, or nothing where a client certificate speaks."""
        if self.token_file:
            return f"Bearer {_text(self.token_file)}"
        if self._expires and now - self._renewed >= _RENEW_EVERY:
            await self._renew(now, _RENEW_EVERY)
        return self._token

    async def refused(self, now: float) -> bool:
        """After a 401: load again; says whether trying once more makes sense."""
        if self._loader is None:
            return False
        before = self._token
        await self._renew(now, _RENEW_AFTER_REFUSAL)
        return self._token != before

    @property
    def _expires(self) -> bool:
        return self._loader is not None and bool(self._loader.provider or hasattr(self._loader, "exec_plugin_expiry"))

    async def _renew(self, now: float, at_most_every: float) -> None:
        async with self._renewing:
            if now - self._renewed < at_most_every:
                return
            self._renewed = now
            certificate = (self._configuration.cert_file, self._configuration.key_file)
            await self._loader.load_and_set(self._configuration)
            self._token = self._configuration.api_key.get("BearerToken", "")
            renewed = (self._configuration.cert_file, self._configuration.key_file)
            if self.tls is not None and renewed != certificate and renewed[0]:
                self.tls.load_cert_chain(*renewed)  # new connections show the new certificate


def _files(kubeconfig: str | None) -> tuple[list[str], list[str]]:
    """Where kubectl looks, and which of these files there are."""
    listed = [path for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    wanted = [kubeconfig] if kubeconfig else listed or [str(Path.home() / ".kube" / "config")]
    return wanted, [path for path in wanted if Path(path).expanduser().exists()]


def _current(paths: list[str]) -> str | None:
    """The current context of several files: kubectl takes the first, the library the last."""
    for path in paths if len(paths) > 1 else ():
        with Path(path).expanduser().open(encoding="utf-8") as file:
            named = (safe_load(file) or {}).get("current-context")
        if named:
            return str(named)
    return None


def _text(path: str) -> str:
    """A projected file of the Pod: in memory, so that reading it does not block."""
    return Path(path).read_text(encoding="ascii").strip()


def _tls(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # cluster CAs made by older tools lack key usage extensions
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    if configuration.verify_ssl is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
