"""A trained controller as one folder that needs neither TensorFlow, PyBullet nor Sympy."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
