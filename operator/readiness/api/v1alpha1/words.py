"""
The kinds of words that specs are made of, each with the bounds that the schema and the models share. Every string has a
maxLength: CEL's cost is estimated from it, and a status that repeats it must stay within its budget.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from readiness.api.v1alpha1.problems import Flaw, refused

LABEL_VALUE = r"^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$"
_DNS = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_LABEL_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_LABEL_KEY = rf"^({_DNS}(\.{_DNS})*/)?{_LABEL_NAME}$"

Dashed = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$")]
Owner = Annotated[str, Field(min_length=1, max_length=128)]
LabelValue = Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]
ContainerName = Annotated[str, Field(min_length=1, max_length=63, pattern=rf"^{_DNS}$")]
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=rf"^{_DNS}(\.{_DNS})*$")]


def _label_key(value: str) -> str:
    """The name after the slash has a bound of its own, which no regular expression of the schema can state well."""
    if len(value.rpartition("/")[2]) > 63:
        raise refused(
            Flaw("", "has a name of more than 63 characters", "write a label key such as app.kubernetes.io/name")
        )
    return value


LabelKey = Annotated[str, Field(min_length=1, max_length=317, pattern=_LABEL_KEY), AfterValidator(_label_key)]

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "Pod")
_WRITTEN = {kind.casefold() + plural: kind for kind in _WORKLOADS for plural in ("", "s")}


def _known(kind: str) -> str:
    """Foreign controllers (Rollout, StrimziPodSet) are welcome, but a misspelt `Statefulset` would select nothing."""
    meant = _WRITTEN.get(kind.casefold(), kind)
    if meant != kind:
        raise refused(Flaw("", f'"{kind}" is not a kind', f"write {meant}"))
    return kind


WorkloadKind = Annotated[
    str, Field(min_length=1, max_length=63, pattern=r"^[A-Z][A-Za-z0-9]*$"), AfterValidator(_known)
]
