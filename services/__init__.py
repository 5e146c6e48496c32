"""The four services; each is its own process, database and consumer group."""
