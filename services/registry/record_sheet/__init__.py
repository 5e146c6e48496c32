"""A person's record sheet: what the national volunteer record holds (MZ/T 061-2015, DOMAIN.md)."""
