"""Weak organizations and exemplars (policy, art. 13; DOMAIN.md)."""
