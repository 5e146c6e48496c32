"""Open work of organizations that are retired: it passes to their successors (policy, art. 6)."""
