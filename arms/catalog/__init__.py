"""Arms as data."""
