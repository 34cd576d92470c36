"""What can go wrong, as types, so that a test suite can tell "not on this machine" from "broken"."""

from __future__ import annotations


class LocalClusterError(Exception):
    """Any failure of the local control plane; its text is meant for a person."""


class NotHereError(LocalClusterError):
    """Why one provider cannot serve on this machine; the next one is asked."""


class RefusedError(LocalClusterError):
    """An explicit choice that is unsafe or broken: falling through to another provider would hide it."""


class NoControlPlaneError(LocalClusterError):
    """No provider works here; the text lists every provider's reason."""


class UnsupportedError(LocalClusterError):
    """The cluster cannot do that: its servers are not ours to stop."""
