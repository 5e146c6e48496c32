"""Reports of a month or year and a street's bulletin (docs/assessment/reports.md)."""
