"""The public rating: voices from follow-ups, on-site codes and panels (policy, art. 14)."""
