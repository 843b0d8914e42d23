"""Joint states of a ROS 2 bag (sqlite or MCAP), through the package ``rosbags``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import RecordError
from .log_format import joints_in

JOINT_STATE = "sensor_msgs/msg/JointState"
MULTI = "std_msgs/msg/Float64MultiArray"
OWN = "/nengo_forcectl/"  # topics of a record's columns


def read_bag(
    path: Path, topic: str | None, joints: Sequence[str]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return time [s], q, dq and tau (its effort) of the joints, and notes on what was guessed.

    Args:
        path: the bag's folder, or a file of MCAP or sqlite alone.
        topic: of joint states; None: the only one.
        joints: names of joints to select, in order, a prefix left aside; if the bag has other
            names, all joints in the order of the message are taken.

    Raises:
        RecordError: ``rosbags`` is not installed, the bag cannot be read, or it has no such topic.
    """
    try:
        from rosbags.highlevel import AnyReader  # optional
        from rosbags.highlevel.anyreader import AnyReaderError  # optional
        from rosbags.typesys import Stores, get_typestore  # optional
    except ImportError:
        raise _needs_rosbags(path) from None
    store: Any = get_typestore(Stores.ROS2_HUMBLE)
    try:
        with AnyReader([path], default_typestore=store) as reader:
            chosen = _connections(reader, path, topic)
            messages = [
                (stamp, reader.deserialize(raw, connection.msgtype))
                for connection, stamp, raw in reader.messages(connections=chosen)
            ]
            clock = [each for each in reader.connections if each.topic == f"{OWN}time"]
            exact = (
                [
                    float(reader.deserialize(raw, connection.msgtype).data[0])  # pyright: ignore
                    for connection, _, raw in reader.messages(connections=clock)
                ]
                if clock
                else []
            )
    except (AnyReaderError, OSError, ValueError, KeyError, AssertionError) as error:
        raise RecordError(f"log '{path}': cannot be read ({error})") from None
    arrays, notes = _arrays(path, messages, joints, chosen[0].topic)
    if len(exact) == len(arrays["time"]):  # a stamp has whole nanoseconds, a number more
        arrays["time"] = np.array(exact)
    return arrays, notes


def write_bag(path: Path, record: Mapping[str, np.ndarray]) -> None:
    """Write a record as one MCAP file: joint states, and each column on a topic of its own.

    ``/joint_states`` is sensor_msgs/JointState of q, dq and tau, ``/nengo_forcectl/NAME``
    std_msgs/Float64MultiArray of a column. Joints are called ``joint1`` and so on.

    Raises:
        RecordError: ``rosbags`` is not installed, or the record has no q.
    """
    try:
        from rosbags.rosbag2 import StoragePlugin, Writer  # optional
        from rosbags.typesys import Stores, get_typestore  # optional
    except ImportError:
        raise _needs_rosbags(path) from None
    store: Any = get_typestore(Stores.ROS2_HUMBLE)
    folder = path.parent / "bag"
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as bag:
        kinds = {name: (f"{OWN}{name}", MULTI) for name in record}
        topics = {
            name: bag.add_connection(topic, kind, typestore=store)
            for name, (topic, kind) in {"": ("/joint_states", JOINT_STATE), **kinds}.items()
        }
        for k, now in enumerate(record["time"].tolist()):
            stamp = round(1e9 * now)
            state = _joint_state(store, record, k, stamp)
            bag.write(topics[""], stamp, store.serialize_cdr(state, JOINT_STATE))
            for name, column in record.items():
                message = _numbers(store, column[k])
                bag.write(topics[name], stamp, store.serialize_cdr(message, MULTI))
    (file,) = folder.glob("*.mcap")
    file.rename(path)


def _joint_state(store: Any, record: Mapping[str, np.ndarray], k: int, stamp: int) -> Any:
    kinds, q = store.types, record["q"][k]
    seconds, rest = divmod(stamp, 10**9)
    header = kinds["std_msgs/msg/Header"](kinds["builtin_interfaces/msg/Time"](seconds, rest), "")
    names = [f"joint{joint + 1}" for joint in range(len(q))]
    others = [
        np.ascontiguousarray(record[name][k], float) if name in record else np.empty(0)
        for name in ("dq", "tau")
    ]
    return kinds[JOINT_STATE](header, names, np.ascontiguousarray(q, float), *others)


def _numbers(store: Any, value: np.ndarray) -> Any:
    kinds, value = store.types, np.asarray(value, float)
    sizes = [
        kinds["std_msgs/msg/MultiArrayDimension"](f"axis{axis}", size, size)
        for axis, size in enumerate(value.shape)
    ]
    return kinds[MULTI](kinds["std_msgs/msg/MultiArrayLayout"](sizes, 0), value.ravel().copy())


def _needs_rosbags(path: Path) -> RecordError:
    return RecordError(
        f"log '{path}': is a bag, which needs the package rosbags: "
        "pip install 'nengo-forcectl[logs]'"
    )


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
    full, orders = _orders(full, joints)
    names = [full[0][1].name[k] for k in orders[0]]
    columns: dict[str, np.ndarray] = {}
    for kind, field in (("q", "position"), ("dq", "velocity"), ("tau", "effort")):
        rows = [np.asarray(getattr(each, field), float) for _, each in full]
        if all(len(row) == len(each.name) for row, (_, each) in zip(rows, full, strict=True)):
            columns[kind] = np.array([row[o] for row, o in zip(rows, orders, strict=True)])
    stamps = [each.header.stamp.sec + 1e-9 * each.header.stamp.nanosec for _, each in full]
    stamped = any(stamps)
    columns["time"] = np.array(stamps if stamped else [1e-9 * stamp for stamp, _ in full])
    clock = "their stamps" if stamped else "the bag's clock"
    taken = ", ".join(names)
    return columns, [f"{topic} has {len(full)} joint states; time is {clock}; joints are {taken}"]


def _orders(
    messages: list[tuple[int, Any]], joints: Sequence[str]
) -> tuple[list[tuple[int, Any]], list[list[int]]]:
    """Return the messages of an arm, and the places of its joints in each.

    A message that lacks one of them is of something else, such as a gripper. If no message has
    them all, those with the most frequent names are taken as they are.
    """
    places: dict[tuple[str, ...], list[int] | None] = {}
    for _, each in messages:
        names = tuple(each.name)
        if names not in places:
            places[names] = joints_in(names, joints) if joints else None
    own = [each for each in messages if places[tuple(each[1].name)] is not None]
    if own:
        return own, [places[tuple(each.name)] or [] for _, each in own]
    most = Counter(tuple(each.name) for _, each in messages).most_common(1)[0][0]
    own = [each for each in messages if tuple(each[1].name) == most]
    return own, [list(range(len(most)))] * len(own)
