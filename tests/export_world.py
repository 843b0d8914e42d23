"""The motion on which exported controllers are tried, and changes of their folders."""

import hashlib
import json

import numpy as np

from nengo_forcectl import MinimumJerk
from nengo_forcectl.export.folder import ARRAYS, SUMS, TEXT
from nengo_forcectl.networks.workspace import home_posture
from nengo_forcectl.sim.engines import ENGINES, default_engine
from nengo_forcectl.sim.friction import ViscousFriction
from nengo_forcectl.sim.masses import Payload

DT = 1e-3
TRAINED = 1300  # cycles: new weights have come in, the next ones are being computed


def path_of(arm):
    tool = arm.pose(home_posture(arm))[:3, 3]
    corners = np.array([[0, 0, 0], [1, 1, 0], [-1, 1, 0], [1, -1, 0], [0, 1, 0], [0, 0, 0]])
    return MinimumJerk(tool + 0.05 * corners, 0.7)


def world(arm):
    """The arm in the engine that is installed, with a payload and friction."""
    engine = ENGINES[default_engine()]
    return engine(arm, home_posture(arm), [Payload(1.0), ViscousFriction(0.5)], DT)


def drive(arm, robot, cycles, first, *others):
    """``first`` drives, the others see the same; the torques of all."""
    path, taus = path_of(arm), []
    for _ in range(cycles):
        state = robot.read()
        results = [each.step(state, path.at(state.time)).tau for each in (first, *others)]
        robot.apply(results[0])
        taus.append(results)
    return np.array(taus).transpose(1, 0, 2)


def recorded(arm, robot, cycles, cycle):
    """The states that a cycle saw, and its torques."""
    states, path, taus = [], path_of(arm), []
    for _ in range(cycles):
        states.append(robot.read())
        taus.append(cycle.step(states[-1], path.at(states[-1].time)).tau)
        robot.apply(taus[-1])
    return states, np.array(taus)


def sign(folder):
    """Make the checksums right, as somebody would who wants a changed folder to be loaded."""
    text = "".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in (TEXT, ARRAYS)
    )
    (folder / SUMS).write_text(text)


def change(folder, edit):
    data = json.loads((folder / TEXT).read_text())
    edit(data)
    (folder / TEXT).write_text(json.dumps(data))
    sign(folder)


def change_arrays(folder, edit):
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    edit(arrays)
    np.savez(folder / ARRAYS, **arrays)
    sign(folder)


def key(*names, value):
    def edit(data):
        for name in names[:-1]:
            data = data[name]
        data[names[-1]] = value

    return edit


BARE = """
import sys

GONE = "tensorflow", "tf_keras", "pybullet", "sympy", "nengo_dl", "nengo"

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in GONE:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Nothing())
import json
import numpy as np
from nengo_forcectl import Reference, State, load_controller

controller = load_controller(sys.argv[1])
states, references = (np.array(each) for each in json.load(sys.stdin))
n = controller.dof
taus = [
    controller.step(State(s[0], s[1 : n + 1], s[n + 1 :]), Reference(*r.reshape(3, 3))).tau
    for s, r in zip(states, references)
]
heavy = {"tensorflow", "keras", "pybullet", "sympy", "nengo", "nengo_dl", "matplotlib", "tyro",
         "scipy.linalg"}
loaded = sorted(heavy & sys.modules.keys())
print(json.dumps([[list(map(float, tau)) for tau in taus], loaded]))
"""
