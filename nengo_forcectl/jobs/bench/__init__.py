"""`nengo-forcectl bench adaptation`: controllers under disturbances, side by side."""
