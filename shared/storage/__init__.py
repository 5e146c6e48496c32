"""MongoDB: the driver, aggregates, read models, field encryption."""
