"""Tasks that an organization assigns to a lower one; money follows the task (policy, art. 12)."""
