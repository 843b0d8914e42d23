"""`nengo-forcectl press` and ``wipe``: force control on a surface of unknown stiffness."""
