"""Torque control of robot arms that learns the missing dynamics.

The names in ``__init__.pyi`` are loaded when they are first used, so that importing the package
loads neither TensorFlow nor PyBullet nor Sympy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
