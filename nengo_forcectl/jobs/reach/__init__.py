"""`nengo-forcectl reach`: an arm with an unknown payload learns to reach."""
