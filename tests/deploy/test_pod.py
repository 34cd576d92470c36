"""
The operator as its Pod runs it: what the image holds, as its user, with its variables, and with a file system that cannot
be written, under the account that ships. No container engine is needed: a mount namespace does what the kubelet would.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hack.localcluster import Cluster
from hack.localcluster.processes import free_port
from tests.cluster import objects as world
from tests.cluster.kube import eventually
from tests.conftest import control_plane
from tests.deploy import image
from tests.deploy.rendering import NAMESPACE, Object, kustomized, objects, of_kind

pytestmark = pytest.mark.cluster

SCRIPT = """
set -e
mount -t tmpfs tmpfs /opt
mkdir /opt/readiness /opt/etc /opt/python
mount --bind "$BUILT" /opt/readiness
mount --bind "$PYTHON" /opt/python
cp -a /etc/. /opt/etc
cp -r "$SETTINGS" "/opt$MOUNTED"
mount --bind /opt/etc /etc
mount -t tmpfs tmpfs /run
mkdir -p /run/secrets/kubernetes.io
cp -r "$ACCOUNT" /run/secrets/kubernetes.io/serviceaccount
chmod -R a+rX "$MOUNTED" /run/secrets
while read -r _ place _; do mount -o remount,bind,ro "$place" 2> /dev/null || true; done < /proc/self/mounts
if touch /tmp/readiness-was-here 2> /dev/null; then echo "still writable"; exit 3; fi
exec setpriv --reuid="$USER_ID" --regid="$GROUP_ID" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \\
  env -i "$@"
"""


def needs() -> str:
    """Why a Pod cannot be played here; empty where it can."""
    missing = [one for one in ("unshare", "setpriv") if shutil.which(one) is None]
    if missing:
        return f"there is no {' and no '.join(missing)}"
    if os.geteuid() != 0:
        return "mounting needs root"
    if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/opt"], check=False).returncode:
        return "a mount namespace cannot be made"
    return ""


@pytest.fixture(scope="module")
def plane() -> Iterator[Cluster]:
    """With all that deploy/ installs. Nothing plays its Pod but this test."""
    if why := needs():
        pytest.skip(why)
    with control_plane(controllers=False) as running:
        running.kubectl("apply", "--filename=-", input=kustomized())
        running.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        yield running


def mounted(folder: Path, files: dict[str, str]) -> str:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return str(folder)


def test_it_certifies_without_writing_a_file_or_being_anybody(plane: Cluster, built: Path, tmp_path: Path) -> None:
    found = objects(kustomized())
    pod: Object = of_kind(found, "Deployment")["readiness-operator"]["spec"]["template"]["spec"]
    (container,), (volume,) = pod["containers"], pod["volumes"]
    (mount,) = container["volumeMounts"]
    settings = of_kind(found, "ConfigMap")[volume["configMap"]["name"]]["data"]
    token = plane.kubectl("create", "token", pod["serviceAccountName"], f"--namespace={NAMESPACE}").stdout.strip()
    account = {"token": token, "ca.crt": Path(plane.ca_file).read_text(), "namespace": NAMESPACE}
    address, port = urlsplit(plane.url), free_port()
    variables = image.variables() | {
        "KUBERNETES_SERVICE_HOST": str(address.hostname),
        "KUBERNETES_SERVICE_PORT": str(address.port),
        "READINESS_LISTEN_PORT": str(port),  # 8080 may be taken on this machine
        "PATH": "/opt/python/bin:/usr/bin:/bin",
        "PYTHONHOME": "/opt/python",  # this test's interpreter, at a place where any user may read it
        "LD_LIBRARY_PATH": "/opt/python/lib",
    }
    python, *words = json.loads(image.last("ENTRYPOINT"))
    assert python == "python3"
    interpreter = f"/opt/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    command = [interpreter, "-S", *words, *container["args"]]
    given = {
        "PATH": os.environ["PATH"],
        "BUILT": str(built),
        "PYTHON": sys.base_prefix,
        "SETTINGS": mounted(tmp_path / "settings", settings),
        "MOUNTED": mount["mountPath"],
        "ACCOUNT": mounted(tmp_path / "account", account),
        "USER_ID": str(pod["securityContext"]["runAsUser"]),
        "GROUP_ID": str(pod["securityContext"]["runAsGroup"]),
    }
    pairs = [f"{name}={value}" for name, value in variables.items()]
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", *pairs, *command],
            env=given,
            cwd="/",
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        plane.kubectl("create", "namespace", "shop")
        for body in (world.deployment("api"), world.review()):
            plane.kubectl("apply", "--namespace=shop", "--filename=-", input=json.dumps(body))
        ready = ("wait", "--for=condition=Ready", "readinessreview/prod", "--namespace=shop", "--timeout=60s")
        said = plane.kubectl(*ready, check=False)
        assert said.returncode == 0, said.stderr + log.read_text()[-3000:]
        eventually(lambda: answers(port), f"/readyz: {log.read_text()[-3000:]}")
        assert process.poll() is None
    finally:
        process.terminate()
        ended = process.wait(30)
    assert ended == 0, log.read_text()[-3000:]


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refused:
        refused.close()
        return False
