import re

from example_runs import output_of


def run(project, name):
    """The numbers that an example prints, line by line."""
    lines = output_of(project, name).splitlines()
    return [[float(n) for n in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", line)] for line in lines]


def test_weight_jacobian(project):
    """Example 3: what the Jacobian says is what happens when the weights are changed."""
    *_, happens, says = run(project, "03_weight_jacobian.py")
    assert len(says) == 3
    assert any(says)
    assert all(abs(a - b) < 0.02 * abs(b) for a, b in zip(happens[-3:], says, strict=True))


def test_custom_learning_loop(project):
    """Example 4: the torque error falls to less than a tenth."""
    ((first, last),) = run(project, "04_custom_learning_loop.py")
    assert 0 < last < 0.1 * first


def test_recurrent_jacobian(project):
    """Example 5: the older the input, the less the memory depends on it."""
    *ages, (early,), (late,) = run(project, "05_recurrent_jacobian.py")
    ages = [age for (age,) in ages]
    assert len(ages) == 4
    assert ages == sorted(ages, reverse=True)
    assert 0 < ages[-1] < 0.5 * ages[0]
    assert 0 < early < late


def test_structured_network(project):
    """Example 11: the network's torque of 2 kg is the model's; a weight lifts the tool."""
    *_, network, model, lifts = run(project, "11_structured_network.py")
    assert network == model
    assert len(network) == 7
    assert lifts[2] > 1.0


def test_compare_jacobians(project):
    """Example 6: learning J too makes the learned J, and the velocity it gives, better."""
    positions, sobolev, worst = run(project, "06_compare_jacobians.py")
    assert len(worst) == 3
    assert sobolev[0] < positions[0] < 5.0
    assert sobolev[1] < positions[1]
