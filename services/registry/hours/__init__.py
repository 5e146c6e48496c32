"""Service hours that dispatch tells of, on the record sheets of those who served."""
