"""The `lianxin` command."""
