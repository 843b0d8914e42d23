"""Kinematics learned by a network, beforehand or while the arm moves.

Only `kinematics_network` imports Nengo.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
