"""`nengo-forcectl export`: a trained controller as a folder."""
