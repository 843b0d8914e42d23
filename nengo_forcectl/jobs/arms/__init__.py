"""`nengo-forcectl arms`: the catalogue, or one arm in full."""
