"""`nengo-forcectl jacobian`: a learned Jacobian beside the analytic one."""
