"""The real arm: physics engines as robots, and what disturbs them.

PyBullet and MuJoCo are imported when a `Bullet` or a `MuJoCo` is made.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
