"""The environments' common part: an arm under a learning controller, driven by targets."""

import math
from contextlib import ExitStack
from functools import cached_property
from typing import Any, ClassVar, Literal

import gymnasium  # pyright: ignore[reportMissingImports]  # optional
import numpy as np
from jaxtyping import Float

import arms
from arms import Arm

from ..contract import Cycle, Reference
from ..control import OperationalSpace
from ..control.bound_law import BoundLaw
from ..cycle.compiled import CompiledController
from ..cycle.structured_cycle import learning_cycle
from ..errors import ConfigurationError, SimulationError
from ..networks.workspace import home_posture
from ..robots.loop import ControlLoop
from ..safety.guard import Safe
from ..safety.limits import Limits
from ..safety.sensors import SensorCheck
from ..sim.disturbances import Disturbance, real_arm
from ..sim.engines import ENGINES, default_engine
from ..sim.friction import ViscousFriction
from ..sim.masses import Payload
from ..sim.resolution import most_viscous
from ..support.validation import Arguments, check_choice, check_not_negative, check_within
from .added_torque import AddedTorque
from .smooth_policy import Policy
from .target_space import TargetSpace, in_box

Action = Literal["target", "stiffness", "torque"]
ACTIONS: tuple[Action, ...] = ("target", "stiffness", "torque")
ADAPT = ("none", "structured")
PERIOD = 1e-3  # of the control loop [s]
STEP = 0.05  # largest change of the target in a step [m]
STIFFER = 4.0  # largest factor of the stiffness, and its inverse the least
SHARE = 0.1  # of a joint's largest torque, in an added torque
FRICTION = 0.9  # viscous, of every joint, less where steps of it would swing [N m s/rad]
FAULT = -10.0  # reward of a step that ends in a controlled stop
WIDE = 2.0  # bounds of observed speeds, over the joints' limits
SLACK = 0.5  # of observed positions beyond the joints' limits [rad]


class ArmEnvironment(gymnasium.Env[np.ndarray, np.ndarray]):
    """An arm whose targets a policy chooses at 10 to 50 Hz, above a learning controller at 1 kHz.

    ``action`` says what an action is, in numbers from -1 to 1:

    - ``"target"``: the change of the tool's target, at most 5 cm along each axis;
    - ``"stiffness"``: the same, and a fourth number a that multiplies the stiffness by ``4^a``;
    - ``"torque"``: a torque on top of the controller's, at most a tenth of each joint's largest,
      while the environment sets the target.

    A `Policy` makes a smooth reference of the targets. The learner starts anew with each episode.

    Each episode draws a payload that the controller does not know. ``reset(seed=...)`` makes an
    episode reproducible. A step that ends in a controlled stop ends the episode, with the reward
    -10; ``info["stopped"]`` has the reason.

    Args:
        arm: name of an arm of the catalogue.
        engine: "bullet" or "mujoco"; by default "bullet" where PyBullet is installed.
        action: what an action is.
        adapt: "structured", the learner, or "none", the model alone.
        rate: actions per second, from 10 to 50 [Hz].
        payload: largest mass at the tool [kg].

    Raises:
        ConfigurationError: a value that makes no sense.
        ArmError: the arm is unknown.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(
        self,
        arm: str = "kuka_iiwa",
        engine: str | None = None,
        action: Action = "target",
        adapt: str = "structured",
        rate: float = 20.0,
        payload: float = 2.0,
    ) -> None:
        engine = default_engine() if engine is None else engine
        given = Arguments(
            type(self).__name__,
            engine=engine, action=action, adapt=adapt, rate=rate, payload=payload,
        )  # fmt: skip
        check_choice(given, "engine", tuple(ENGINES))
        check_choice(given, "action", ACTIONS)
        check_choice(given, "adapt", ADAPT)
        check_within(given, "rate", 10.0, 50.0, "Hz")
        check_not_negative(given, payload="kg")
        self.arm, self.engine, self.action, self.adapt = _spatial(arm), engine, action, adapt
        self.rate, self.payload = rate, payload
        self.cycles = round(1.0 / (rate * PERIOD))
        """Control cycles of a step."""
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (self._numbers,), np.float32)
        lower, upper = self._bounds()
        self.observation_space = gymnasium.spaces.Box(lower, upper, dtype=np.float64)
        self._opened, self._robot = ExitStack(), ExitStack()
        self._loop: ControlLoop | None = None
        self._cycle: Safe | None = None

    @property
    def _numbers(self) -> int:
        return {"target": 3, "stiffness": 4, "torque": self.arm.dof}[self.action]

    @cached_property
    def home(self) -> Float[np.ndarray, "n"]:
        """Posture at the start [rad]."""
        return home_posture(self.arm)

    @cached_property
    def law(self) -> OperationalSpace:
        """The controller's law."""
        return OperationalSpace(self.home)

    @cached_property
    def space(self) -> TargetSpace:
        """Space of the targets, around the tool at home."""
        centre = self.arm.pose(self.home)[:3, 3]
        return TargetSpace(centre - 0.2, centre + 0.2, speed=0.4, acceleration=2.0, jerk=40.0)

    @cached_property
    def policy(self) -> Policy:
        """The path that makes a reference of the targets."""
        return Policy(self.space, self.arm.pose(self.home)[:3, 3], self.rate, PERIOD)

    @property
    def cycle(self) -> Safe:
        """The control cycle of this episode, within the arm's limits."""
        if self._cycle is None:
            self._cycle = self._limited()
        return self._cycle

    @cached_property
    def _unlimited(self) -> Cycle:
        """The control cycle, without the arm's limits."""
        if self.adapt == "none":
            return CompiledController(self.arm, self.law)
        opened = learning_cycle(self.arm, self.home, seed=0, controller=self.law, dt=PERIOD)
        return self._opened.enter_context(opened).cycle

    @cached_property
    def _untrained(self) -> dict[str, np.ndarray]:
        return self._unlimited.checkpoint()

    @cached_property
    def _limits(self) -> Limits:
        return Limits.of(self.arm)

    def _limited(self) -> Safe:
        """Return the cycle untrained, within limits that remember nothing of another episode."""
        self._unlimited.resume(self._untrained)
        cycle = Safe(self._unlimited, self.arm, self._limits, PERIOD)
        if self.action == "torque":
            cycle = Safe(AddedTorque(cycle), self.arm, self._limits, PERIOD)
        cycle.reset()
        return cycle

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode: another payload, another goal, the arm at rest at its start."""
        super().reset(seed=seed, options=options)
        rng = self.np_random
        start = self._draw(rng)
        payload = Payload(float(rng.uniform(0.0, self.payload)))
        most = most_viscous(real_arm(self.arm, [payload]).mass_matrix(start), PERIOD)
        disturbances = payload, ViscousFriction(min(FRICTION, most))
        self._robot.close()
        robot = self._robot.enter_context(self._simulated(start, disturbances))
        self._cycle = cycle = self._limited()
        cycle.learn(True)
        self._set_stiffness(1.0)
        self._add_torque(np.zeros(self.arm.dof))
        self.policy.begin(self.arm.pose(start)[:3, 3])
        check = SensorCheck(self.arm.dof, PERIOD)
        self._loop = ControlLoop(robot, cycle, self, check, start=0.0)
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act for one period of the policy.

        Raises:
            ConfigurationError: the action is not in its space; nothing is sent.
            SimulationError: there is no episode, or it has ended.
        """
        low, high = self.action_space.low, self.action_space.high  # pyright: ignore[reportAttributeAccessIssue]
        action = in_box("action", action, low, high).astype(float)
        if self._loop is None or self.cycle.stopped is not None:
            raise SimulationError("step: the episode has ended or not begun; call reset")
        self._act(action)
        stopped = self._run(self._loop)
        reward = FAULT if stopped is not None else self._reward()
        info = self._info() | ({} if stopped is None else {"stopped": stopped})
        return self._observation(), float(reward), stopped is not None, False, info

    def close(self) -> None:
        """Free the simulator and the learner."""
        self._robot.close()
        self._opened.close()

    def at(self, time: float) -> Reference:
        """Return the reference at ``time`` [s]."""
        return self.policy.at(time)

    def _act(self, action: Float[np.ndarray, "k"]) -> None:
        """Turn an action into a target, a stiffness or a torque."""
        if self.action == "torque":
            self._add_torque(SHARE * self.arm.tau_max * action)
            self.policy.send(self._goal_target())
            return
        if self.action == "stiffness":
            self._set_stiffness(STIFFER ** action[3])
        target = self.policy.target + STEP * action[:3]
        self.policy.send(np.clip(target, self.space.lower, self.space.upper))

    def _run(self, loop: ControlLoop) -> str | None:
        """Run the control cycles of a step; return the reason for a stop, if any."""
        for _ in range(self.cycles):
            try:
                loop.step()
            except SimulationError as error:
                self.cycle.stop(str(error))
            if self.cycle.stopped is not None:
                return self.cycle.stopped
        return None

    def _set_stiffness(self, factor: float) -> None:
        """Multiply the law's stiffness along the position's axes; its damping ratio stays."""
        cycle: Any = self.cycle
        while not isinstance(cycle.controller, BoundLaw):
            cycle = cycle.cycle
        rows = len(self.law.rows)
        kp, kv = (np.full(rows, float(gain)) for gain in (self.law.kp, self.law.kv))  # pyright: ignore[reportArgumentType]
        kp[:3] *= factor
        kv[:3] *= math.sqrt(factor)
        law = type(self.law)(self.home, self.law.rows, kp=kp, kv=kv)
        cycle.controller.block["matrices"][...] = np.reshape(
            law.form.matrices(rows), np.shape(cycle.controller.block["matrices"])
        )

    def _add_torque(self, extra: Float[np.ndarray, "n"]) -> None:
        inner = self.cycle.cycle
        if isinstance(inner, AddedTorque):
            inner.extra = extra

    def _simulated(
        self, start: Float[np.ndarray, "n"], disturbances: tuple[Disturbance, ...]
    ) -> Any:
        """Return the simulated arm at ``start``."""
        return ENGINES[self.engine](self.arm, start, disturbances, PERIOD)

    def _bounds(self) -> tuple[Float[np.ndarray, "k"], Float[np.ndarray, "k"]]:
        """Return the bounds of an observation."""
        dq = WIDE * self.arm.dq_max
        place = self.arm.pose(self.home)[:3, 3]
        low = [np.maximum(self.arm.q_lower, -2 * math.pi) - SLACK, -dq, *[place - 1.0] * 3]
        high = [np.minimum(self.arm.q_upper, 2 * math.pi) + SLACK, dq, *[place + 1.0] * 3]
        return np.concatenate(low), np.concatenate(high)

    def _observation(self) -> np.ndarray:
        """Return q, dq, the tool's place, the target and the goal, within their bounds."""
        state = self._robot_now().read()
        seen = [state.q, state.dq, self._tool(), self.policy.target, self._goal_place()]
        return self._within(np.concatenate([*seen, *self._more()]))

    def _within(self, seen: np.ndarray) -> np.ndarray:
        space: Any = self.observation_space
        return np.clip(seen, space.low, space.high)

    def _more(self) -> list[np.ndarray]:
        """Return further parts of an observation."""
        return []

    def _robot_now(self) -> Any:
        assert self._loop is not None
        return self._loop.robot

    def _tool(self) -> Float[np.ndarray, "3"]:
        return self.arm.pose(self._robot_now().read().q)[:3, 3]

    def _draw(self, rng: np.random.Generator) -> Float[np.ndarray, "n"]:
        """Draw the goal of an episode; return the posture at its start."""
        raise NotImplementedError

    def _goal_place(self) -> Float[np.ndarray, "3"]:
        """Return the goal's place [m]."""
        raise NotImplementedError

    def _goal_target(self) -> Float[np.ndarray, "3"]:
        """Return the target that an added torque goes with [m]."""
        return np.clip(self._goal_place(), self.space.lower, self.space.upper)

    def _reward(self) -> float:
        """Return the reward of a step."""
        raise NotImplementedError

    def _info(self) -> dict[str, Any]:
        """Return what a learner does not see."""
        raise NotImplementedError


def _spatial(name: str) -> Arm:
    """Return an arm whose tool moves and turns in all directions."""
    arm = arms.load(name)
    if arm.dof < 6:
        raise ConfigurationError(f"arm: '{name}' has {arm.dof} joints, needs 6 or more")
    return arm
