"""Networks that compute a torque F(x; w), and samples of the arm's states for their design.

Nengo is imported with the first name that needs it, TensorFlow with the first simulator.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
