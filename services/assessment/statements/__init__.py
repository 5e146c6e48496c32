"""Secretaries' yearly statements and leaders' contact points (policy, art. 15)."""
