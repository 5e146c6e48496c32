"""Check-in (双报到): members and organizations report to a community and serve there (art. 5)."""
