"""Plans and support: facts beside plans, guarantees beside results (docs/assessment/support.md)."""
