"""``make soak``: what is too long for every change, many days with everything going wrong (docs/reliability.md)."""
