"""``nengo-forcectl run``: a real robot learns to reach."""
