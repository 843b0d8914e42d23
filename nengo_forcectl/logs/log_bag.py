"""Joint states of a ROS 2 bag (sqlite or MCAP), through the package ``rosbags``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import RecordError

JOINT_STATE = "sensor_msgs/msg/JointState"


def read_bag(
    path: Path, topic: str | None, joints: Sequence[str]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return time [s], q, dq and tau (its effort) of the joints, and notes on what was guessed.

    Args:
        path: the bag's folder.
        topic: of joint states; None: the only one.
        joints: names of joints to select, in order; if the bag has other names, all joints in the
            order of the message are taken.

    Raises:
        RecordError: ``rosbags`` is not installed, the bag cannot be read, or it has no such topic.
    """
    try:
        from rosbags.highlevel import AnyReader  # optional
        from rosbags.highlevel.anyreader import AnyReaderError  # optional
        from rosbags.typesys import Stores, get_typestore  # optional
    except ImportError:
        raise RecordError(
            f"log '{path}': is a bag, which needs the package rosbags: "
            "pip install 'nengo-forcectl[logs]'"
        ) from None
    store: Any = get_typestore(Stores.ROS2_HUMBLE)
    try:
        with AnyReader([path], default_typestore=store) as reader:
            chosen = _connections(reader, path, topic)
            messages = [
                (stamp, reader.deserialize(raw, connection.msgtype))
                for connection, stamp, raw in reader.messages(connections=chosen)
            ]
    except (AnyReaderError, OSError, ValueError, KeyError, AssertionError) as error:
        raise RecordError(f"log '{path}': cannot be read ({error})") from None
    return _arrays(path, messages, joints, chosen[0].topic)


def _connections(reader: Any, path: Path, topic: str | None) -> list[Any]:
    known = [each for each in reader.connections if each.msgtype == JOINT_STATE]
    topics = sorted({each.topic for each in known})
    wanted = [each for each in known if topic is None or each.topic == topic]
    if not wanted or len({each.topic for each in wanted}) > 1:
        has = ", ".join(topics) or "none"
        raise RecordError(
            f"log '{path}': needs one topic of {JOINT_STATE}, named by --topic; has {has}"
        )
    return wanted


def _arrays(
    path: Path, messages: list[tuple[int, Any]], joints: Sequence[str], topic: str
) -> tuple[dict[str, np.ndarray], list[str]]:
    full = [(stamp, each) for stamp, each in messages if len(each.position)]
    if not full:
        raise RecordError(f"log '{path}': topic {topic} has no positions, needs joint states")
    names = list(full[0][1].name)
    order = list(range(len(names)))
    if joints and set(joints) <= set(names):
        order = [names.index(joint) for joint in joints]
    full = [(stamp, each) for stamp, each in full if list(each.name) == names]
    columns: dict[str, np.ndarray] = {}
    for kind, field in (("q", "position"), ("dq", "velocity"), ("tau", "effort")):
        rows = [np.asarray(getattr(each, field), float) for _, each in full]
        if all(len(row) == len(names) for row in rows):
            columns[kind] = np.array(rows)[:, order]
    stamps = [each.header.stamp.sec + 1e-9 * each.header.stamp.nanosec for _, each in full]
    stamped = any(stamps)
    columns["time"] = np.array(stamps if stamped else [1e-9 * stamp for stamp, _ in full])
    clock = "their stamps" if stamped else "the bag's clock"
    taken = ", ".join(names[k] for k in order)
    return columns, [f"{topic} has {len(full)} joint states; time is {clock}; joints are {taken}"]
