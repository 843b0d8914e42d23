"""Policies above the control loop: targets at 10 to 50 Hz, for a real arm or in an environment.

A `Policy` turns targets at a low rate into a smooth reference for any control cycle; `run_policy`
drives a robot with it. The environments are for learning a policy, by Gymnasium's interface.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
