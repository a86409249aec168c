"""The network between vehicles and head office: who is connected when, and when what was sent is received."""

NEVER_US = -(1 << 63)
"""The receive time of what is lost for good."""
