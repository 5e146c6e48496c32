"""Service duties of the eight domains (policy, art. 5): what is due a year, what was recorded."""
