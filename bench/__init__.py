"""Measurements as ratios of interleaved runs; `make bench` writes bench/RESULTS.md."""
