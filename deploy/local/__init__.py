"""The embedded default: servers and services on one machine without Docker."""
