"""Decisions of assessment by subject: cases, figures, and the recount. All pure."""
