"""Networks that give a torque F(x; w), and the states of an arm that they are made for.

Nengo is imported with the first name that needs it, TensorFlow when a simulator is opened.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
