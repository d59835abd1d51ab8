"""policy-gate: decides whether a release of an edge model may ship, from evidence and never from claims."""

__version__ = "0.1.0"
