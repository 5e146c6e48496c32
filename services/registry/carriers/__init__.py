"""Carriers (服务载体): duty posts, responsibility areas, promises, accompanied errands (art. 8)."""
