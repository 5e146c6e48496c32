"""Plans: broken down from level to level, counted from recorded facts (policy, art. 10, 16)."""
