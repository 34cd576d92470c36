"""Talking to one API server: a kubeconfig to hand out, and the few requests made while it starts.

Everything later goes through kubectl, which works for a cluster of any provider.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import yaml

CONTEXT = "readiness-test"
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Access:
    """Where an API server is, whom to trust, and as whom to speak."""

    url: str
    ca_file: Path
    token: str

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; status 0 while nobody answers."""
        return self._send("GET", path, None)

    def post(self, path: str, body: object) -> tuple[int, bytes]:
        """Status and body; status 0 while nobody answers."""
        return self._send("POST", path, json.dumps(body).encode())

    def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data=body, headers=headers, method=method)
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        direct = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        )
        try:
            with direct.open(request, timeout=SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, http.client.HTTPException):
            return 0, b""

    def write_kubeconfig(self, path: Path, user: str, namespace: str = "default") -> Path:
        """Write a kubeconfig that stands alone: it may be copied elsewhere."""
        authority = base64.b64encode(self.ca_file.read_bytes()).decode()
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user, "namespace": namespace}}],
            "clusters": [{"name": CONTEXT, "cluster": {"server": self.url, "certificate-authority-data": authority}}],
            "users": [{"name": user, "user": {"token": self.token}}],
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path
