"""Parameters of `nonRoot`: none. The rule is the Pod Security profile's, and has no knobs there either."""

from readiness.api.v1alpha1.parameters import Parameters


class NonRootExpectation(Parameters):
    """
    No container can run as root on its node: the runAsNonRoot and runAsUser controls of the Pod Security profile
    "restricted". Written as {}; it has no parameters.
    """
