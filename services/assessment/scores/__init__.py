"""Scores: what the scheme in force makes of the facts, explained (docs/assessment/scores.md)."""
