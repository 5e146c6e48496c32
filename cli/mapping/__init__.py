"""A city's table of requests mapped to unit events by a data file (docs/formats.md). Pure."""
