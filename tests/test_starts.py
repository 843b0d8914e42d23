"""The first cycle of a loop: whatever it needs is there when it begins."""

import subprocess
import sys
import textwrap

import pytest

WATCHED = """
import sys

import numba.core.dispatcher as dispatcher
import numpy as np

import arms
from arms.machine.kernel import Kernel
from arms.machine.object_files import Part
from nengo_forcectl import *
from nengo_forcectl.learning.gradient import Gradient
from nengo_forcectl.adaptation import *
from nengo_forcectl.control import *
from nengo_forcectl.cycle import *
from nengo_forcectl.estimation import Predictor
from nengo_forcectl.sim import *

HOME = np.array([0.1, 0.5, -0.1, -1.2, 0.2, 0.6, 0.3])
arm = arms.load("kuka_iiwa")
pose = arm.pose(HOME)
x, R = pose[:3, 3], np.ascontiguousarray(pose[:3, :3])
path = MinimumJerk([x, x + 0.1], 1.2)
{made}
late = []

def told(owner, name, what):
    real = getattr(owner, name)
    def call(self, *arguments, **named):
        late.append(what(self, *arguments))
        return real(self, *arguments, **named)
    setattr(owner, name, call)

told(dispatcher.Dispatcher, "compile", lambda self, *_: "numba " + self.py_func.__name__)
told(Part, "_content", lambda self: "part " + str(self))
told(Kernel, "__init__", lambda self, bodies, request, *_: "arm " + str(request))
told(Kernel, "_machine_code", lambda self, form, *_: "arm, " + form)
there = set(sys.modules)
for step in range(3):
    state = robot.read()
    reference = path.at(state.time)._replace(R=R, wrench=np.zeros(6))
    robot.apply(cycle.step(state, reference).tau)
cycle.stop("enough")
robot.apply(cycle.step(robot.read(), reference).tau)
assert cycle.events["stop"] == 1
print(late, sorted(set(sys.modules) - there))
"""

CASES = {
    "blocks": """
        others = (ObstacleAvoidance(arm, [("tool", (0.0, 0.0, 0.1))], [[0.6, 0.0, 0.5, 0.2]]),
                  Manipulability(arm))
        law = OperationalSpace(HOME, secondary=others)
        adaptation = DisturbanceObserver(arm, 100.0, 1e-3)
        cycle = Safe(Blocks(arm, law, adaptation, Predictor(arm, 2e-3)), arm)
        pushed = [Payload(2.0), CoulombFriction(0.5), ForceField((1.0, 0.0, 0.0)),
                  LinkForces((0.0, 1.0, 0.0)), Spring((0.5, 0.0, 0.5), 10.0)]
        robot = Bullet(arm, HOME, pushed)
    """,
    "contact": """
        law = HybridForce(HOME, (0, 1, 2, 3, 4, 5), axes=(2,))
        cycle = Safe(Blocks(arm, law, SlotineLi(arm, Gradient(0.1), 20.0, 1e-3)), arm)
        robot = Bullet(arm, HOME, [Payload(2.0)], surface=Table(x - [0, 0, 0.01]), wrist=Wrist())
    """,
    "tip": """
        from nengo_forcectl.kinematics import KnownTip
        tool, law = Tool((0.0, 0.0, 0.1)), OperationalSpace(HOME)
        tip = KnownTip(tool.real(arm))
        cycle = Safe(Blocks(arm, law, NoAdaptation(), kinematics=tip), arm)
        robot = Bullet(arm, HOME, [tool])
    """,
    "compiled": """
        cycle = Safe(CompiledController(arm, OperationalSpace(HOME)), arm)
        robot = Bullet(arm, HOME)
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_a_first_cycle_imports_compiles_and_loads_nothing(case):
    """In a new process, from sensor to motor, and in the first cycle of a controlled stop."""
    code = WATCHED.format(made=textwrap.dedent(CASES[case]))
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[] []"
