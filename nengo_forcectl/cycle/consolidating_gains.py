"""Gains of `consolidating_cycle`."""

# Tuned on the conditions of `nengo-forcectl bench adaptation`, seed 0: gain 100 to 300, noise 0.02
# to 0.06, softness 0.1 to 10, load 0 to 3e-3; surprise 0.1 to 1 on the job of `reach`. A higher
# gain is better with exact sensors, but from 180 on an undeclared delay of 3 ms destabilises the
# arm. With less softness or load, light wrists shake under a heavy load.
GAIN = 160.0  # of the observer, for sensors without delay [1/s]
NOISE = 0.04  # of the arm's typical torque
SURPRISE = 1.0  # of it
SOFTNESS = 0.25  # bandwidth of a joint held by its posture alone, over the observer's gain
LOAD = 1e-4  # assumed load, as a share of the arm's mass and inertia
