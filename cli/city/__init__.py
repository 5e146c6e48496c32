"""A made-up city of any size, the same for the same seed: `lianxin make-city`."""
