"""`nengo-forcectl doctor`: what this machine and installation offer to a control loop."""
