"""The demo city: made by code from a seed, loaded and played through the real interfaces."""
