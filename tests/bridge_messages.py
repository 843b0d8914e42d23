"""Messages of the bridge, for its tests."""

import numpy as np

from nengo_forcectl.robots.message import TORQUE, Message

TOKEN = 0x0123456789ABCDEF


def message(kind=TORQUE, sequence=1, token=TOKEN, tau=(1.0, -2.0), wrench=None):
    q = np.array([0.1, 0.2])
    return Message(kind, token, sequence, 7, 0.5, q, 2 * q, np.array(tau), wrench)
