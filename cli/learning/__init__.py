"""What a city's own history teaches. Pure."""
