"""Matching volunteers as a computation: an index, a score, an assignment. No database, no clock."""
