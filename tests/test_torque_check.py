"""Torques that no arm has: what is told, and what is not."""

import logging
from dataclasses import replace

import numpy as np
import pytest
from log_samples import motion

import arms
from nengo_forcectl.errors import RecordError
from nengo_forcectl.logs.motion_log import MotionLog
from nengo_forcectl.logs.torque_check import check_torques

ARM = arms.load("ur5e")
HEAVIER = ARM.with_inertial_parameters(1.2 * ARM.inertial_parameters)
REAL = HEAVIER.with_friction(4.0, 3.0).with_armature(0.3).with_payload(2.0, (0.02, 0.0, 0.1))
HOME = np.array([0.0, -1.2, 1.4, -1.0, -1.5, 0.3])  # [rad]


@pytest.fixture(scope="module")
def log():
    """Twelve seconds of an arm with rotors, friction, heavier links, a payload, noise."""
    rng = np.random.default_rng(0)
    time, q, dq, ddq = motion(ARM, 12.0, 100.0, rng)
    q = q - q.mean(axis=0) + HOME
    tau = REAL.inverse_dynamics(q, dq, ddq) + 0.3 * rng.normal(size=q.shape)
    return MotionLog("a.csv", time, q, dq, tau, np.arange(len(q)), np.zeros(1, int), "")


def test_an_arm_that_the_model_does_not_know_is_fine(log, caplog):
    """Nothing is told."""
    check_torques(log, ARM)
    assert not caplog.records


@pytest.mark.parametrize("joints", [(0,), (1,), (2,), (3,), (4,), (5,), (1, 3), range(6)])
def test_torques_of_a_wrong_sign_are_refused(joints, log):
    """The line names the joints."""
    sign = np.ones(6)
    sign[list(joints)] = -1.0
    told = ", ".join(str(j + 1) for j in joints)
    with pytest.raises(RecordError, match=rf"^log 'a.csv': rows 0 to 1199, .* joints? {told} has"):
        check_torques(replace(log, tau=log.tau * sign), ARM)


def test_torques_of_another_kind_are_refused(log):
    """Without gravity; in shares of what the motors have."""
    for tau in (log.tau - REAL.gravity(log.q), log.tau / ARM.tau_max):
        with pytest.raises(RecordError, match="times the weight of the model; needs those of"):
            check_torques(replace(log, tau=tau), ARM)


def test_a_tilted_base_is_told(log, caplog):
    """By a warning: whether the learner can follow is to be seen."""
    change = 9.81 * np.array([np.sin(0.5), 0.0, 1.0 - np.cos(0.5)])
    tau = log.tau + REAL.gravity_gradient(log.q) @ change
    with caplog.at_level(logging.WARNING):
        check_torques(replace(log, tau=tau), ARM)
    assert "is the base tilted?" in caplog.text
