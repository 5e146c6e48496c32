"""A city's real tables, imported whole into the real system, against a direct count of the file."""
