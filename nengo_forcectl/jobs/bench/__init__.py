"""The job ``nengo-forcectl bench adaptation``: what disturbs, the runs, the figure."""
