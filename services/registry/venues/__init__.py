"""Venues (服务场所): one room, many uses, with opening hours (policy, art. 8)."""
