"""
The kinds of words that specs are made of, each with the bounds that the schema and the models share. Every string has a
maxLength: CEL's cost is estimated from it, and a status that repeats it must stay within its budget.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from readiness.api.v1alpha1.problems import Flaw, refused

LABEL_VALUE = "^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$"
_DNS = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_LABEL_NAME = "[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_LABEL_KEY = rf"^({_DNS}(\.{_DNS})*/)?{_LABEL_NAME}$"
_DASHED = "^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"
_CONTAINER = f"^{_DNS}$"
_OBJECT = rf"^{_DNS}(\.{_DNS})*$"
_STARRED = r"^([^*]+|[^*]{3,}\*)$"
_PRINTABLE = "^[!-~]+$"
_LINK = r"^https?://[A-Za-z0-9\[][!#-;=?-\[\]_a-z~]*$"
_KIND = "^[A-Z][A-Za-z0-9]*$"
_PROVIDER = "^[A-Za-z][A-Za-z0-9-]*$"
_PATH = "^(/[^/]+)+$"
# Any printable ASCII but "=", as Kubernetes allows; one "*", at the beginning or at the end.
_VARIABLE = "[ -)+-<>-~]+"
_ENV = rf"^(\*?{_VARIABLE}|{_VARIABLE}\*)$"

FORMS = {
    LABEL_VALUE: "letters, digits, dashes, dots and underscores, as a label's value",
    _LABEL_KEY: "a label key such as app.kubernetes.io/name",
    _DASHED: "lower-case words joined by single dashes, such as smoke-tests",
    _CONTAINER: "lower-case letters, digits and dashes",
    _OBJECT: "lower-case letters, digits, dashes and dots",
    _STARRED: "a name, or its beginning (three characters at least) and one * at the end",
    _PRINTABLE: "printable ASCII without spaces",
    _LINK: "an http or https URL",
    _KIND: "a kind such as StatefulSet",
    _PROVIDER: "a provider such as vault or aws",
    _PATH: "an absolute path such as /etc/app/system.yaml",
    _ENV: "a variable's name, with one * at its beginning or end at most",
}
"""What each pattern means, for people who do not read patterns."""

Dashed = Annotated[str, Field(min_length=1, max_length=63, pattern=_DASHED)]
Owner = Annotated[str, Field(min_length=1, max_length=128)]
LabelValue = Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]
ContainerName = Annotated[str, Field(min_length=1, max_length=63, pattern=_CONTAINER)]
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=_OBJECT)]
Starred = Annotated[str, Field(min_length=1, max_length=253, pattern=_STARRED)]
Provider = Annotated[str, Field(min_length=1, max_length=63, pattern=_PROVIDER)]
FilePath = Annotated[str, Field(min_length=2, max_length=512, pattern=_PATH)]
EnvName = Annotated[str, Field(min_length=1, max_length=253, pattern=_ENV)]
Token = Annotated[str, Field(min_length=1, pattern=_PRINTABLE)]
Runbook = Annotated[str, Field(max_length=512, pattern=_LINK)]

_AS_LABEL = re.compile(LABEL_VALUE)


def is_label_value(text: str | None) -> bool:
    """Whether a label could carry this text at all."""
    return text is not None and len(text) <= 63 and _AS_LABEL.fullmatch(text) is not None


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


WorkloadKind = Annotated[str, Field(min_length=1, max_length=63, pattern=_KIND), AfterValidator(_known)]
