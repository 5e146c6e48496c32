"""Care: old, hardship and mobile members are visited in a set rhythm (policy, art. 3)."""
