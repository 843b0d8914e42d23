"""`nengo-forcectl sweep`: one job with every combination of some of its settings."""
