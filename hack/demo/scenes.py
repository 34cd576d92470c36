"""What is broken in the sample platform, and how a team repairs it: data, read by the story in `__main__`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import stand_ins
from .session import Session
from .view import View

SERVICES = ("feature-api", "ingest-api", "scoring-api")

Key = tuple[str, str, str]

DEFECTS: frozenset[Key] = frozenset(
    {
        ("explicit-probes", "ProbeMissing", "Deployment/scoring-api (container api)"),
        *(
            ("simulation-off", "SettingNotAllowed", f"Deployment/{name} (container api, SIMULATION_MODE)")
            for name in SERVICES
        ),
        ("volumes-backed-up", "VolumeReplaced", "StatefulSet/timescaledb (data-timescaledb-0)"),
        ("non-root", "RunsAsRoot", "CronJob/nightly-etl (container transform)"),
        ("secrets-synced", "SecretNotSynced", "ExternalSecret/feast-online-store"),
        ("secrets-synced", "SecretNotSynced", "Secret/feast-online-store"),
        ("secrets-synced", "SecretNotExternal", "Secret/kafka-credentials"),
        ("secrets-from-vault", "SettingNotAllowed", "Deployment/feature-api (container api, SECRET_BACKEND)"),
    }
)
ADVISORY: frozenset[Key] = frozenset({("startup-probes", "ProbeMissing", "Deployment/scoring-api (container api)")})
"""Shown in every verdict, and blocks none."""


PROBE = (
    '{"spec":{"template":{"spec":{"containers":'
    '[{"name":"api","readinessProbe":{"httpGet":{"path":"/readyz","port":"http"}}}]}}}}'
)
NOT_ROOT = (
    '{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":'
    '[{"name":"transform","securityContext":{"runAsNonRoot":true,"runAsUser":10001}}]}}}}}}'
)
VAULT_PATH = '[{"op":"replace","path":"/spec/data/0/remoteRef/key","value":"features/feast"}]'

KAFKA_SECRET = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: kafka-credentials}
spec:
  refreshInterval: 1h
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  data:
  - {secretKey: password, remoteRef: {key: features/kafka, property: password}}
"""
SNAPSHOT = """\
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: timescaledb-after-restore}
spec:
  volumeSnapshotClassName: csi-example
  source: {persistentVolumeClaimName: data-timescaledb-0}
"""


@dataclass(frozen=True, slots=True)
class Act:
    """One command, or what a foreign controller does then (`plays`), and the verdict that it leads to."""

    words: tuple[str, ...]
    expectation: str
    outcome: str
    reason: str
    remark: str = ""
    text: str | None = None
    stand_in: str = ""
    plays: Callable[[Session], None] | None = None
    gone: frozenset[Key] = frozenset()

    def reached(self, view: View) -> bool:
        """Whether the verdict is there; `gone` are findings that must not be in it any more."""
        one = view.expectation(self.expectation)
        said = (one.get("outcome"), one.get("reason"))
        return said == (self.outcome, self.reason) and not self.gone & {finding.key for finding in view.findings()}


@dataclass(frozen=True, slots=True)
class Scene:
    """One repair."""

    title: str
    why: str
    acts: tuple[Act, ...] = field(default=())


REPAIRS: tuple[Scene, ...] = (
    Scene(
        "scoring-api gets a readiness probe",
        "Without one, requests arrive before the model is loaded. Both templates are live until the last old Pod is gone, "
        "so the verdict follows the rollout, not the edit.",
        (
            Act(
                ("patch", "deployment", "scoring-api", "-p", PROBE),
                *("explicit-probes", "Met", "ProbesDefined"),
            ),
        ),
    ),
    Scene(
        "simulation mode is switched off",
        "The three services take SIMULATION_MODE from a ConfigMap. Running processes do not see the edit.",
        (
            Act(
                ("patch", "configmap", "feature-platform", "-p", '{"data":{"SIMULATION_MODE":"false"}}'),
                *("simulation-off", "Unknown", "StaleConfig"),
                remark="The text is right, and nobody knows what the Pods run with: no pass. So they are restarted.",
            ),
            Act(
                ("rollout", "restart", *(f"deployment/{name}" for name in SERVICES)),
                *("simulation-off", "Met", "SettingAllowed"),
            ),
        ),
    ),
    Scene(
        "feature-api reads its secrets from Vault",
        "The ConfigMap says vault, but the Deployment's own env says env, and env wins: judged is the value in effect.",
        (
            Act(
                ("set", "env", "deployment/feature-api", "SECRET_BACKEND=vault"),
                *("secrets-from-vault", "Met", "SettingAllowed"),
            ),
        ),
    ),
    Scene(
        "the ETL job stops running as root",
        "A CronJob that has no Pod right now is judged by its template: tonight it would run.",
        (
            Act(
                ("patch", "cronjob", "nightly-etl", "-p", NOT_ROOT),
                *("non-root", "Met", "NonRootEnforced"),
            ),
        ),
    ),
    Scene(
        "the ExternalSecret of Feast is repaired",
        "Its path in Vault was misspelt. The edit alone proves nothing; the next sync does.",
        (
            Act(
                ("patch", "externalsecret", "feast-online-store", "--type=json", "-p", VAULT_PATH),
                *("secrets-synced", "Unmet", "SecretNotExternal"),
                stand_in="External Secrets reads features/feast and writes Ready=True, SecretSynced",
                plays=lambda session: stand_ins.sync(session, "feast-online-store"),
                gone=frozenset(key for key in DEFECTS if "feast" in key[2]),
                remark="One of two is repaired; what is left is the Secret of Kafka.",
            ),
        ),
    ),
    Scene(
        "the Kafka password comes from Vault, too",
        "Somebody had made the Secret by hand. The operator never reads Secrets: it looks for what stands behind them.",
        (
            Act(("apply", "-f", "-"), *("secrets-synced", "Unknown", "NeverSynced"), text=KAFKA_SECRET),
            Act(
                (),
                *("secrets-synced", "Met", "SecretSynced"),
                stand_in="External Secrets takes the Secret over and writes Ready=True, SecretSynced",
                plays=lambda session: stand_ins.sync(session, "kafka-credentials"),
            ),
        ),
    ),
    Scene(
        "TimescaleDB's new volume gets its first backup",
        "Last night's backup is of a volume that is gone: same name, another uid.",
        (
            Act(("apply", "-f", "-"), *("volumes-backed-up", "Unknown", "BackupRunning"), text=SNAPSHOT),
            Act(
                (),
                *("volumes-backed-up", "Met", "BackupProven"),
                stand_in="the CSI driver cuts the snapshot, the snapshot controller binds it: readyToUse",
                plays=lambda session: stand_ins.take_snapshot(session, "timescaledb-after-restore"),
            ),
        ),
    ),
)

RELAPSE = Act(
    ("set", "env", "deployment/ingest-api", "SIMULATION_MODE=true"),
    *("simulation-off", "Unmet", "SettingNotAllowed"),
)
RECOVERY = Act(("rollout", "undo", "deployment/ingest-api"), *("simulation-off", "Met", "SettingAllowed"))
