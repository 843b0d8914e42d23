"""The structured learner on a surface, with a wrist sensor."""

import numpy as np
import pytest

from nengo_forcectl import learning_cycle
from nengo_forcectl.control import HybridForce
from nengo_forcectl.control.terms import write_terms
from nengo_forcectl.jobs.contact import wipe
from nengo_forcectl.jobs.contact.contact_settings import WipeSettings
from nengo_forcectl.kernels.arm_block import arm_block
from nengo_forcectl.kernels.block import Block
from nengo_forcectl.kernels.layout.arm_fields import INPUT
from nengo_forcectl.kernels.observe_motion import add_mean_push
from nengo_forcectl.networks.workspace import home_posture


@pytest.mark.usefixtures("without_figures")
def test_the_default_learner_wipes_as_well_as_an_observer(tmp_path):
    """Slow motion on a surface does not make it take forces at the tool for links or gravity."""
    settings = WipeSettings(adapt=("structured",), out=tmp_path / "run")
    figures = wipe.run_wipe(settings).summary["runs"]["structured-10000"]
    assert figures["error_percent"] < 1.0
    assert figures["path_mm"] < 0.5


def test_the_push_of_a_cycle_is_the_mean_of_two_wrenches(planar, rng):
    """The torque sent grows by J^T of the mean of the wrenches before and after the cycle; by the
    latter alone in the first cycle of a motion."""
    arm, q = planar.arm, planar.home
    J = arm.jacobian(q)
    with learning_cycle(arm, q, seed=0) as cycle:
        block, inputs = cycle.cycle.learner.block, Block(INPUT, {"n": arm.dof, "k": 3})
        terms = arm_block(arm)
        write_terms(terms, arm.terms(q, np.zeros(arm.dof)))
        last = np.zeros(6)
        for begun in (False, True, True):
            block["sent"][:], inputs["wrench"][:] = 0.0, rng.normal(size=6)
            add_mean_push(block.address, terms.address, inputs.address, begun)
            mean = 0.5 * (last + inputs["wrench"]) if begun else inputs["wrench"]
            np.testing.assert_allclose(block["sent"], J.T @ mean, atol=1e-12)
            last = inputs["wrench"].copy()


def test_links_and_gravity_do_not_learn_under_a_law_that_feels(iiwa):
    """Unless they are let."""
    home = home_posture(iiwa)
    law = HybridForce(home)
    for controller, expected in ((law, True), (None, False)):
        with learning_cycle(iiwa, home, seed=0, controller=controller) as cycle:
            learner = cycle.cycle.learner
            frozen, at = learner.law_block["frozen"], learner.places
            assert frozen[at["links"]].all() == frozen[at["gravity"]].all() == expected
            assert not frozen[at["tool"]].any()
            cycle.freeze()
            assert not frozen.any()
