"""What a structured network refuses, and the names of what would work."""

import numpy as np
import pytest

import arms
from arms.model.dh import Row, from_dh
from nengo_forcectl.errors import ArmError, ConfigurationError
from nengo_forcectl.networks import (
    STRUCTURE,
    States,
    home_posture,
    reach_states,
    structured_network,
)

SMALL = {"joints": 8, "tool": 9, "rest": 10}
ARM = arms.load("planar3")
SAMPLE = reach_states(ARM, home_posture(ARM), np.random.default_rng(1), reaches=5)


def still(dof):
    """A sample of states of an arm that its tool's task does not describe."""
    rng = np.random.default_rng(0)
    return States(*rng.normal(size=(3, 20, dof)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parts": ("body", "wrist")}, r"\.parts: is body wrist, needs some of body, links, joint"),
        ({"parts": ()}, r"structured_network\.parts: is empty, needs some of body, links"),
        ({"parts": ("rest", "rest")}, "each at most once"),
        ({"parts": "body"}, r"\.parts: is 'body', needs some of body, links"),
        ({"neurons": {"rest": 0}}, r"neurons\.rest: is 0, needs a whole number from 1 up"),
        ({"neurons": {"joints": 0}}, r"neurons\.joints: is 0, needs an even number from 2 up"),
        ({"neurons": {"joints": 7}}, r"neurons\.joints: is 7, needs an even number from 2 up"),
        ({"neurons": {"tool": 1}}, r"neurons\.tool: is 1, needs a whole number from 2 up"),
        ({"neurons": {"rest": None}}, r"neurons\.rest: is None, needs a whole number"),
        ({"neurons": {"body": 9}}, r"neurons: has 'body', needs some of joints, tool, rest"),
        ({"neurons": 50}, r"structured_network\.neurons: is 50, needs numbers by part"),
    ],
)
def test_a_wrong_choice_is_named(options, message):
    """Parts that do not exist, none, one twice; neurons that are none."""
    with pytest.raises(ConfigurationError, match=message):
        structured_network(
            ARM, SAMPLE, **{"seed": 0, "parts": STRUCTURE, "neurons": SMALL} | options
        )


def test_parts_that_an_arm_cannot_have_are_named():
    """No mass, no links to correct; a tool on the only axis feels no force."""
    massless = arms.Arm(from_dh("bones", [Row(a=0.5), Row(a=0.4)]))
    with pytest.raises(
        ConfigurationError, match="has 'links', but arm 'bones' has no link with a mass; parts"
    ):
        structured_network(massless, still(2), seed=0, parts=("links",))
    spindle = arms.Arm(from_dh("spindle", [Row()]))
    with pytest.raises(
        ConfigurationError,
        match=r"has 'tool', but arm 'spindle' has no joint that moves its tool.*: body, joints",
    ):
        structured_network(spindle, still(1), seed=0)
    parts = ("body", "joints", "rest")
    assert structured_network(spindle, still(1), seed=0, parts=parts, neurons=SMALL).learned


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (States(*(part[:, :2] for part in SAMPLE)), r"need \(k, 3\)"),
        (SAMPLE._replace(dq=np.full_like(SAMPLE.dq, np.nan)), "are not all finite"),
    ],
)
def test_states_that_do_not_fit_are_refused(work, message):
    """As by `encoding_of`; a posture of another arm as by the arm."""
    with pytest.raises(ConfigurationError, match=message):
        structured_network(ARM, work, seed=0)
    with pytest.raises(ArmError, match=r"work has shape \(2,\)"):
        structured_network(ARM, np.zeros(2), seed=0)
