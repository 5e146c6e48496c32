"""Rounds of assessment in three steps: self, public, organizational (policy, art. 14)."""
