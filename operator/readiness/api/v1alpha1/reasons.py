"""
Every reason that the judgement itself gives: on conditions, areas, expectations and Events, which share them. Part of the
API: release tooling matches on them, so none is ever renamed. A kind's own reasons stand in its module.
"""

from enum import StrEnum


class Reason(StrEnum):
    # Ready: the review as a whole.
    CERTIFIED = "Certified"  # every blocking expectation is met; validUntil says for how long
    BLOCKING_FINDINGS = "BlockingFindings"  # at least one blocking expectation is unmet; of areas too
    INVALID_SPEC = "InvalidSpec"  # the spec cannot be judged; the message names the field
    PENDING = "Pending"  # no operator has seen the review yet; the schema's default
    EVALUATING = "Evaluating"  # this generation was never judged, and its evidence is not there yet
    EVIDENCE_UNAVAILABLE = (
        "EvidenceUnavailable"  # nothing is known to be wrong, but not everything is known; of areas too
    )
    SUSPENDED = "Suspended"  # spec.suspend: the review is not judged
    CERTIFICATE_EXPIRED = "CertificateExpired"  # validUntil had passed before anybody renewed it
    INTERNAL_ERROR = "InternalError"  # the status could not be rendered, or the API server refused it
    DELETING = "Deleting"  # a finalizer keeps the review while it is being deleted

    # Why a review without any unmet expectation is still not certified.
    NOTHING_ENFORCED = "NothingEnforced"  # no blocking expectation is met: nothing was proven
    SCOPE_EMPTY = "ScopeEmpty"  # spec.scope.selector selects no workload
    REVISION_NOT_DEPLOYED = "RevisionNotDeployed"  # spec.subject is not what the workloads' newest templates carry

    # Areas.
    EXPECTATIONS_MET = "ExpectationsMet"  # every blocking expectation of the area is met
    ADVISORY_ONLY = "AdvisoryOnly"  # the area has nothing that blocks
    AREA_MET = "AreaMet"  # Event: the area became met
    AREA_UNMET = "AreaUnmet"  # Event: the area became unmet

    # Expectations, whatever their kind.
    NOTHING_SELECTED = "NothingSelected"  # nothing was there to judge, or all of it is excepted
    EVALUATION_FAILED = "EvaluationFailed"  # the kind itself failed: a defect of the operator, never of the workload
    ROLLOUT_IN_PROGRESS = "RolloutInProgress"  # a Pod runs a revision whose template is not there to judge
    TIME_IN_FUTURE = "TimeInFuture"  # evidence is dated more than a minute ahead of the API server's clock
    STATUS_NOT_UNDERSTOOD = "StatusNotUnderstood"  # a foreign status fits no row of the table: it is never guessed

    # Evidence that was not seen.
    NOT_SYNCED = "NotSynced"  # the first list is not complete
    STALE = "Stale"  # no contact with the source for too long
    FAILED = "Failed"  # the first list, or reading one object, failed
    UNREADABLE = "Unreadable"  # this object does not decode, or is too large
    FORBIDDEN = "Forbidden"  # RBAC does not let the operator read it
    NOT_INSTALLED = "NotInstalled"  # its API is not served here
    NOT_ALLOWED = "NotAllowed"  # the operator's own gate does not show it to this namespace

    # EvidenceFresh.
    ALL_SOURCES_FRESH = "AllSourcesFresh"  # every source that the review needs was in contact lately
    CLOCK_SKEW = "ClockSkew"  # the operator's clock and the API server's differ too much to date a certificate

    # Events alone.
    CERTIFICATE_LOST = "CertificateLost"  # Ready is no longer True
    EVIDENCE_LOST = "EvidenceLost"  # EvidenceFresh became False
    EVIDENCE_RESTORED = "EvidenceRestored"  # EvidenceFresh became True again
