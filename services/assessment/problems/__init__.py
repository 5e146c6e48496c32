"""Recurring problems (policy, art. 11): found by counts, followed until their rate falls."""
