import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

import arms
from nengo_forcectl.errors import ConfigurationError, NetworkError
from nengo_forcectl.networks.encoding import INPUTS, LIFT, PARTS, States, encoding_of
from nengo_forcectl.networks.workspace import home_posture, reach_states

ARM = arms.load("planar3")
SAMPLE = reach_states(ARM, home_posture(ARM), np.random.default_rng(1), reaches=5)
CHOICES = [(inputs, periodic) for inputs in INPUTS for periodic in (False, True)]
moments = arrays(float, (3, 3), elements=st.floats(-1e6, 1e6))


def plain(encoding, q, dq, ddq):
    """v in NumPy, by the equations of `StateEncoding`."""
    positions = q.copy()
    turning = list(encoding.periodic)
    positions[turning] = np.sin(q[turning])
    x = np.concatenate((positions, np.cos(q[turning]), *(dq, ddq)[: PARTS[encoding.inputs] - 1]))
    x = (np.clip(x, encoding.lower, encoding.upper) - encoding.centre) * encoding.scale
    u = np.append(x / np.sqrt(len(x)), LIFT)
    return np.concatenate((x, [1.0], u / np.linalg.norm(u)))


@pytest.mark.parametrize(("inputs", "periodic"), CHOICES)
@settings(max_examples=50, deadline=None)
@given(moment=moments)
def test_any_state_gives_a_bounded_input_on_the_sphere(inputs, periodic, moment):
    """x stays within half the sample's range beyond it, |u| = 1, and v is the equation's."""
    encoding = encoding_of(ARM, SAMPLE, inputs, periodic=periodic)
    d = encoding.size
    v = encoding.input(*moment)
    x = encoding.input(*SAMPLE)[:, :d]
    margin = 0.5 * np.ptp(x, axis=0)
    assert (v[:d] >= x.min(axis=0) - margin - 1e-9).all()
    assert (v[:d] <= x.max(axis=0) + margin + 1e-9).all()
    assert v[d] == 1.0
    np.testing.assert_allclose(np.linalg.norm(v[d + 1 :]), 1.0, rtol=1e-12)
    np.testing.assert_allclose(v, plain(encoding, *moment), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("inputs", "periodic"), CHOICES)
def test_each_group_has_mean_zero_and_mean_square_one_over_the_sample(inputs, periodic):
    """Positions, velocities, accelerations, each as one group; v has 2 d + 2 numbers."""
    encoding = encoding_of(ARM, SAMPLE, inputs, periodic=periodic)
    v = encoding.input(*SAMPLE)
    assert v.shape[1] == encoding.n_inputs == 2 * encoding.size + 2
    assert encoding.positions == (6 if periodic else 3)
    x = v[:, : encoding.size]
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-9)
    groups = np.split(x, range(encoding.positions, encoding.size, 3), axis=1)
    assert len(groups) == PARTS[inputs]
    for group in groups:
        np.testing.assert_allclose(np.mean(group**2), 1.0, rtol=1e-9)


@pytest.mark.parametrize("inputs", INPUTS)
def test_sines_and_cosines_do_not_count_turns(inputs):
    """A turn of a joint changes nothing with periodic joints, and something without."""
    turned = SAMPLE.q[7] + 2 * np.pi * np.array([1, -2, 3])
    rest = SAMPLE.dq[7], SAMPLE.ddq[7]
    for periodic in (True, False):
        encoding = encoding_of(ARM, SAMPLE, inputs, periodic=periodic)
        change = encoding.input(turned, *rest) - encoding.input(SAMPLE.q[7], *rest)
        assert (np.abs(change).max() < 1e-12) == periodic


def test_any_batch_gives_each_state_s_input(rng):
    """Leading axes are kept; a list, a copy and arrays in other orders give the same."""
    encoding = encoding_of(ARM, SAMPLE)
    moment = [rng.normal(size=(4, 2, 3)) for _ in range(3)]
    v = encoding.input(*moment)
    assert v.shape == (4, 2, encoding.n_inputs)
    for k in np.ndindex(4, 2):
        np.testing.assert_array_equal(v[k], encoding.input(*(part[k] for part in moment)))
    again = pickle.loads(pickle.dumps(encoding))
    others = [part.tolist() for part in moment], [np.asfortranarray(part) for part in moment]
    for other in others:
        np.testing.assert_array_equal(again.input(*other), v)
    with pytest.raises(NetworkError, match=r"have shapes \(2, 4\), .*need \(\*batch, 3\)"):
        encoding.input(*np.zeros((3, 2, 4)))


@pytest.mark.parametrize(
    ("states", "inputs", "message"),
    [
        (SAMPLE, "x", "inputs: is 'x', needs one of q, q-dq, q-dq-ref, q-ref"),
        (States(*(part[:1] for part in SAMPLE)), "q", r"have shapes \(1, 3\).*k at least 2"),
        (States(*(part[:, :2] for part in SAMPLE)), "q", r"need \(k, 3\)"),
        (SAMPLE._replace(dq=SAMPLE.dq[:9]), "q", r"need \(k, 3\)"),
        (SAMPLE._replace(dq=np.full_like(SAMPLE.dq, np.nan)), "q", "are not all finite"),
    ],
)
def test_what_does_not_fit_is_named(states, inputs, message):
    """An unknown choice, too few states, another arm's states, NaN."""
    with pytest.raises(ConfigurationError, match=message):
        encoding_of(ARM, states, inputs)
