"""Kinematics that a network learns: trained beforehand, or as the arm moves.

Nengo is imported with `kinematics_network` alone.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
