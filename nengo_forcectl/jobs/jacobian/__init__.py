"""The job ``nengo-forcectl jacobian``: learned against analytic, and what it leaves."""
