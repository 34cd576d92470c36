"""The story, chapter by chapter; each chapter asserts what it shows."""

from __future__ import annotations

from collections.abc import Iterable

from . import stand_ins, tables
from .scenes import ADVISORY, DEFECTS, RECOVERY, RELAPSE, REPAIRS, Act, Key, Scene
from .screen import Screen
from .session import NAMESPACE, REVIEW, ROOT, DemoError, Session, now, since
from .view import View

OPERATOR = "readiness-operator"
SYSTEM = "readiness-system"
FIRST = 90.0  # seconds: no verdict takes longer, whatever could not be seen
READING = 2.5  # seconds after each chapter, at a terminal
NEW_PODS = ("wait", "--for=condition=Ready", "pod", "--all", "--timeout=30s")


class Story:
    """Chapters share the session, the screen and the list of what took how long."""

    def __init__(self, session: Session, screen: Screen) -> None:
        self._session = session
        self._screen = screen
        self._steps: list[tuple[str, str, float | None, float]] = [("control plane", "", None, screen.elapsed)]

    def tell(self) -> None:
        """All of it."""
        self._install()
        self._build_platform()
        self._judge()
        for number, scene in enumerate(REPAIRS, 1):
            self._repair(f"Repair {number} of {len(REPAIRS)}: {scene.title}", scene)
        self._certified()
        self._relapse()
        self._summary()

    def _install(self) -> None:
        began = self._begin("Install")
        self._screen.say("The CRD, a ServiceAccount and its rights, as they ship.")
        self._session.kubectl("apply", "-k", "crds")
        self._session.kubectl("apply", "-k", "deploy/rbac")
        self._screen.say(
            "What External Secrets, the CSI snapshotter and Velero would have installed: their CRDs, in small."
        )
        self._session.kubectl("apply", "-f", "hack/crds")
        self._session.kubectl("wait", "--for=condition=Established", "crd", "--all", shown=False)
        self._screen.say("May the operator read Secrets?")
        account = f"system:serviceaccount:{SYSTEM}:{OPERATOR}"
        asked = ("auth", "can-i", "list", "secrets", "--all-namespaces", f"--as={account}")
        self._screen.command(["kubectl", *asked])
        answer = self._session.cluster.kubectl(*asked, check=False).stdout.strip()
        self._screen.output(answer)
        _check(answer == "no", "the operator may not read Secrets")
        self._end("install", began)

    def _build_platform(self) -> None:
        began = self._begin("The platform")
        self._screen.say(
            "TimescaleDB, Redis and Kafka with volumes; Feast; three FastAPI services; a nightly ETL job. As so often, it "
            "works, and is not ready."
        )
        self._session.kubectl("apply", "-f", "hack/demo/platform")
        self._session.kubectl("config", "set-context", "--current", f"--namespace={NAMESPACE}")
        self._session.kubectl("rollout", "status", "statefulset/kafka", "--timeout=30s", shown=False)
        self._session.kubectl(*NEW_PODS)
        self._play("External Secrets validates its store and syncs; one path is misspelt, so that one sync fails")
        stand_ins.validate_store(self._session)
        stand_ins.sync(self._session, "timescaledb-credentials", "redis-credentials", "feast-online-store")
        self._play("Velero backs up the volumes of TimescaleDB and Kafka (of Redis none: a cache)")
        volumes = {"data-timescaledb-0": "timescaledb-0"} | {f"data-kafka-{one}": f"kafka-{one}" for one in range(3)}
        stand_ins.back_up(self._session, "features-nightly", volumes)
        self._screen.say(
            "Then somebody makes TimescaleDB's volume anew: same name, no data, and the backup is of another one."
        )
        self._session.kubectl("delete", "pvc", "data-timescaledb-0", "--wait=false")
        self._session.kubectl("delete", "pod", "timescaledb-0")
        self._session.kubectl("rollout", "status", "statefulset/timescaledb", "--timeout=30s", shown=False)
        bound = "--for=jsonpath={.status.phase}=Bound"
        self._session.kubectl("wait", bound, "pvc/data-timescaledb-0", "--timeout=30s", shown=False)
        self._end("platform", began)

    def _judge(self) -> None:
        began = self._begin("The review is applied, and judged")
        self._screen.say(
            "Four areas, eleven expectations. Before any operator has seen it, it is Unknown, never green:"
        )
        self._session.kubectl("apply", "-f", "deploy/samples/review.yaml")
        self._session.watch()
        view = self._session.wait("the schema's own answer", lambda _: True)
        _check(view.ready.get("reason") == "Pending", "a review that nobody has judged is Pending")
        self._screen.say(
            f"The operator starts, under the ServiceAccount {OPERATOR}. It lists what this review needs, waits until "
            "nothing moves (nothing is ever certified on half of an apply), and judges."
        )
        settings = "deploy/samples/settings.yaml"
        self._screen.command(["readiness", "run", "--settings", settings, "--kubeconfig", f"{OPERATOR}.kubeconfig"])
        started = now()
        self._session.run_operator(OPERATOR, SYSTEM, ROOT / settings)
        view = self._session.wait("the first verdict", lambda state: state.current and state.judged, FIRST)
        self._screen.change("first verdict", view.ready["status"], f"   {since(started, view):.1f} s after the start")
        self._screen.raw(self._session.kubectl("get", "readinessreviews", "-A"))
        self._screen.say("What is wrong, as the status says it:")
        self._show_findings(view)
        found = {one.key for one in view.findings()}
        _compare(found, DEFECTS | ADVISORY)
        excepted = view.expectation("volumes-backed-up")["counts"].get("excepted")
        _check(excepted == 1, "the cache volume of Redis is excepted")
        self._screen.say(
            f"{len(DEFECTS)} blocking findings, each with its object. Redis' cache volume is excepted, with a reason."
        )
        self._end("first verdict", began, f"not ready: {len(DEFECTS)} findings", since(started, view))

    def _repair(self, title: str, scene: Scene) -> None:
        began = self._begin(title)
        self._screen.say(scene.why)
        for act in scene.acts:
            latency = self._act(act)
        left = self._newest.expectation(act.expectation).get("counts", {}).get("unmet")
        self._end(
            scene.title, began, f"{act.expectation}: {act.outcome}" + (f" ({left} left)" if left else ""), latency
        )

    def _act(self, act: Act) -> float:
        """Type the command, let the stand-in do its part, wait for the verdict; its latency."""
        was = self._newest.expectation(act.expectation).get("outcome", "")
        started = now()
        if act.words:
            self._session.kubectl(*act.words, text=act.text)
        if act.plays is not None:
            self._play(act.stand_in)
            started = now()
            act.plays(self._session)
        view = self._session.wait(f"{act.expectation} {act.outcome} ({act.reason})", act.reached)
        latency = since(started, view)
        answer = view.expectation(act.expectation)
        said = f" ({answer['reason']}), was {was}; seen after {latency:.1f} s"
        self._screen.change(act.expectation, answer["outcome"], said)
        shown = [one for one in view.findings() if one.expectation == act.expectation]
        for finding in shown[:1] if act.outcome != "Met" else []:
            self._screen.finding(finding.outcome, f"{finding.subject}: {finding.reason}", finding.message)
        if act.remark:
            self._screen.say(act.remark)
        return latency

    def _certified(self) -> None:
        view = self._session.wait("the certificate", lambda state: state.ready.get("status") == "True")
        _compare({one.key for one in view.findings()}, ADVISORY)
        self._screen.blank()
        self._screen.change("feature-platform", view.ready["status"], f" ({view.ready['reason']}), revision 2026.11.3")
        self._screen.say(
            f"It stands until {view.status['validUntil']} and is renewed while all of this holds. A gate is one line:"
        )
        words = ("wait", "--for=condition=Ready", f"readinessreview/{REVIEW}", "--timeout=10s")
        self._screen.output(self._session.kubectl(*words))
        self._screen.pause(READING)

    def _relapse(self) -> None:
        began = self._begin("A certificate is not a photograph")
        self._screen.say("During an incident somebody turns simulation mode on again, for one service only.")
        lost = self._act(RELAPSE)
        view = self._session.wait("the end of the certificate", lambda state: state.ready.get("status") == "False")
        _check("validUntil" not in view.status, "the certificate is gone from the status")
        self._end("somebody switches simulation on", began, "certificate ended", lost)
        began = now()
        self._act(RECOVERY)
        view = self._session.wait("the certificate again", lambda state: state.ready.get("status") == "True")
        self._end("rolled back", began, "certified again", since(began, view))

    def _summary(self) -> None:
        view = self._newest
        self._begin("The review table, as it stands now")
        self._screen.raw(tables.areas(view))
        self._screen.blank()
        shown = self._session.kubectl("get", "readinessreviews", "-A")
        _check("Certified" in shown, "kubectl shows the certificate")
        self._screen.raw(shown)
        self._begin("How long it took")
        self._screen.say(
            "SEEN AFTER: from Enter (kubectl's own start included) until a watching client had the verdict. The operator's log is in build/demo-operator.log."
        )
        self._screen.raw(tables.steps(self._steps, self._screen.elapsed, self._screen.paused))

    @property
    def _newest(self) -> View:
        view = self._session.view
        assert view is not None
        return view

    def _show_findings(self, view: View) -> None:
        for finding in view.findings():
            outcome = "Advisory" if finding.key in ADVISORY else finding.outcome
            head = f"{finding.expectation}: {finding.subject}: {finding.reason}"
            self._screen.finding(outcome, head + (" (advisory)" if outcome == "Advisory" else ""), finding.message)

    def _play(self, what: str) -> None:
        self._screen.say(f"(played by this script: {what})", "magenta")

    def _begin(self, title: str) -> float:
        self._screen.chapter(title)
        return now()

    def _end(self, step: str, began: float, verdict: str = "", latency: float | None = None) -> None:
        self._steps.append((step, verdict, latency, now() - began))
        self._screen.pause(READING)


def _check(holds: bool, claim: str) -> None:
    if not holds:
        raise DemoError(f"not so: {claim}")


def _compare(found: Iterable[Key], wanted: Iterable[Key]) -> None:
    """Exactly these findings: none is missing, none is invented."""
    missing, invented = set(wanted) - set(found), set(found) - set(wanted)
    said = [f"not found: {key}" for key in sorted(missing)] + [f"not expected: {key}" for key in sorted(invented)]
    if said:
        raise DemoError("\n".join([f"{REVIEW} has other findings than the demo promises", *said]))
