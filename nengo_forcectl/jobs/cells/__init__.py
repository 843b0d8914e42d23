"""The runner of cells: many runs of one kind, on this machine or a cluster, into one folder."""
