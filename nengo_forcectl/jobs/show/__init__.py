"""``nengo-forcectl show``: a run's record in a browser, or as one file."""
