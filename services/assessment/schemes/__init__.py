"""Schemes: how a city assesses, as versioned data (docs/assessment/schemes.md)."""
