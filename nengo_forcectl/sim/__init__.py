"""The real arm: physics engines as robots, and their disturbances.

PyBullet and MuJoCo are imported with the first `Bullet` or `MuJoCo`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
