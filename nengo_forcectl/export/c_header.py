"""The C header of a controller's library."""

ERRORS = (
    "no error",
    "the memory is too small, or not at a multiple of 8 bytes; needs a controller or a block",
    "this is no state block",
    "the state block is of another version; export the controller anew",
    "the state block is of another controller",
    "the state block is damaged or cut off",
)
"""What `create` and `save` return, by code."""

REASONS = (
    "no stop",
    "q or dq is not finite or not credible",
    "the time of the state is not a finite number",
    "no new state for too many cycles",
    "a wrench is missing or not finite, and is needed",
    "the reference's wrench is beyond the limit of force",
    "an input or a torque is not finite",
    "limits changed the torque too often",
    "the tool is out of its box",
    "q and dq contradict each other",
    "the wrench contradicts the torques",
    "the force at the tool is beyond its limit",
    "the same state for too many cycles, although the arm moves",
    "stop was called",
)
"""Reasons for a controlled stop, by code."""
