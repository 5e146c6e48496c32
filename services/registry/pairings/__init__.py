"""Pairings: one organization helps another, with goals, money and a term (policy, art. 12)."""
