"""Open311 GeoReport v2 over intake: docs/open311.md."""
