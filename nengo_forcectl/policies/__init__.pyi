"""The public names, and where each lives."""

from .arm_environment import ArmEnvironment as ArmEnvironment
from .policy_loop import run_policy as run_policy
from .press_environment import PressEnvironment as PressEnvironment
from .reach_environment import ReachEnvironment as ReachEnvironment
from .registration import register_environments as register_environments
from .smooth_policy import Policy as Policy
from .target_space import TargetSpace as TargetSpace
