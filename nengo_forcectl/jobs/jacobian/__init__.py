"""`nengo-forcectl jacobian`: comparison of a learned with the analytic Jacobian."""
