"""Recorded work: what was done, by whom, when, for what; scorecards, plans and duties count it.

Nobody types in a mark: whatever is counted of an organization or a person is a sum of records.
"""
