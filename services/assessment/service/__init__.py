"""Decisions of assessment by subject: cases, figures, rankings, and the recount. All pure."""
