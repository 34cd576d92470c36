# Pin both images by digest for a release: --build-arg PYTHON_IMAGE=python@sha256:... --build-arg RUNTIME_IMAGE=...
# RUNTIME_IMAGE needs nothing but the same minor version of Python: no shell and no pip.
ARG PYTHON_IMAGE=python:3.13-slim
ARG RUNTIME_IMAGE=${PYTHON_IMAGE}

FROM ${PYTHON_IMAGE} AS build
COPY requirements/runtime.txt /tmp/requirements.txt
# Only wheels, each with its hash: nothing that is downloaded runs during the build.
RUN ["python", "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "--no-compile", "--no-deps", \
     "--only-binary=:all:", "--require-hashes", "--target=/opt/readiness", "--requirement=/tmp/requirements.txt"]
COPY LICENSE /opt/readiness/LICENSE
COPY operator/readiness /opt/readiness/readiness
# Compiled here, since nothing can be written at run time; by content, so that a copy's times do not matter.
RUN ["python", "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "/opt/readiness"]

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="readiness-operator" \
      org.opencontainers.image.description="A Kubernetes operator that continuously certifies production readiness." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/readiness /opt/readiness
# HOME and USER, since the user has no entry in any file of users: the Kubernetes client looks for a home when it is
# imported, and kopf for a name when it starts.
ENV HOME=/ \
    USER=readiness \
    PYTHONPATH=/opt/readiness \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
WORKDIR /
EXPOSE 8080
ENTRYPOINT ["python3", "-m", "readiness"]
CMD ["run"]
