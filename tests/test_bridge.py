"""The bridge: both its ends, and a robot process in C."""

import shutil
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from bridge_messages import TOKEN, message

import arms
from nengo_forcectl.adaptation import NoAdaptation
from nengo_forcectl.contract import State
from nengo_forcectl.control import JointPD
from nengo_forcectl.cycle import CompiledController
from nengo_forcectl.cycle.blocks import Blocks
from nengo_forcectl.errors import SimulationError
from nengo_forcectl.paths import MinimumJerk
from nengo_forcectl.robots.bridge import BridgeRobot, serve
from nengo_forcectl.robots.loop import run
from nengo_forcectl.robots.message import (
    GOODBYE,
    HELLO,
    SIZE,
    STATE,
    TORQUE,
    decode,
    encode,
)
from nengo_forcectl.safety.guard import Safe
from nengo_forcectl.sim.bullet import Bullet

ARM = arms.load("planar2")
HOME = np.array([0.4, 0.8])
PATIENCE = 60  # for what a busy machine does late [s]
WAIT = 2.0  # for a state that comes in lock-step with its torque [s]


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    """Compile what brings an arm to rest, so that no process or thread here has to."""
    Safe(CompiledController(ARM, JointPD().bind(ARM)), ARM, dt=1e-3).warm_up()


class Serving(threading.Thread):
    """A robot process, in a thread."""

    def __init__(self, robot, **options):
        super().__init__(daemon=True)
        self.robot, self.options, self.port = robot, options, None
        self.listening, self.counts = threading.Event(), None
        self.start()
        assert self.listening.wait(PATIENCE)

    def run(self):
        def ready(port):
            self.port = port
            self.listening.set()

        self.counts = serve(self.robot, ARM, 0, TOKEN, ready=ready, seconds=120, **self.options)


class Recorder:
    """A robot that stands where it is and keeps the torques."""

    def __init__(self, dq=0.0, period=1e-3):
        self.taus, self.dq, self.period = [], np.full(2, dq), period

    def read(self):
        time = self.period * len(self.taus)
        return State(time, HOME + self.dq * time, self.dq)

    def apply(self, tau):
        self.taus.append(np.array(tau))


def test_what_is_not_from_the_peer_and_new_and_intact_never_is_a_torque():
    """Truncated, damaged, replayed, out of order, another token, another address, not finite."""
    recorder = Recorder()
    served = Serving(recorder, period=2.0)  # long: in this test it is never silent
    peer, stranger = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    to = ("127.0.0.1", served.port)
    peer.settimeout(PATIENCE)

    def said(kind, sequence, tau=(0.0, 0.0), **fields):
        return encode(message(kind, sequence, tau=tau, **fields))

    stranger.sendto(said(TORQUE, 1, (9.0, 9.0)), to)  # before any session
    stranger.sendto(said(HELLO, 1, token=5), to)
    peer.sendto(said(HELLO, 1), to)
    assert decode(peer.recv(SIZE)).kind == STATE
    peer.sendto(said(TORQUE, 5, (1.0, 0.0)), to)
    assert decode(peer.recv(SIZE)).answers == 5
    bad = [
        said(TORQUE, 6, (9.0, 9.0))[:-1],
        said(TORQUE, 6, (9.0, 9.0))[:300] + b"\0" + said(TORQUE, 6, (9.0, 9.0))[301:-4] + b"crc!",
        said(TORQUE, 5, (9.0, 9.0)),
        said(TORQUE, 4, (9.0, 9.0)),
        said(TORQUE, 6, (9.0, 9.0), token=TOKEN + 1),
        said(TORQUE, 6, (np.nan, 9.0)),
        said(STATE, 6, (9.0, 9.0)),
    ]
    for data in bad:
        peer.sendto(data, to)
    stranger.sendto(said(TORQUE, 6, (9.0, 9.0)), to)
    peer.sendto(said(TORQUE, 6, (2.0, 0.0)), to)
    assert decode(peer.recv(SIZE)).answers == 6
    peer.sendto(said(GOODBYE, 7), to)
    served.join(PATIENCE)
    np.testing.assert_array_equal(recorder.taus, [[1.0, 0.0], [2.0, 0.0]])
    counts = served.counts
    assert (counts["truncated"], counts["damaged"], counts["replayed"]) == (1, 1, 2)
    assert (counts["stranger"], counts["not finite"], counts["unexpected"]) == (3, 1, 2)
    assert (counts["torques"], counts["lost"]) == (2, 3)
    peer.close()
    stranger.close()


def test_a_torque_that_no_state_answers_is_counted():
    """A robot that takes every third torque: of six four are lost, each a silent cycle."""
    robot = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    robot.bind(("127.0.0.1", 0))
    robot.settimeout(PATIENCE)

    def answer(k, kind, taken):
        data, address = robot.recvfrom(SIZE)
        got = decode(data)
        assert got.kind == kind
        if taken:
            state = message(STATE, k + 1, tau=(0.0, 0.0))
            robot.sendto(encode(state._replace(answers=got.sequence)), address)

    greeting = threading.Thread(target=answer, args=(0, HELLO, True))
    greeting.start()
    bridge = BridgeRobot(2, robot.getsockname()[1], TOKEN, wait=0.01)
    greeting.join()
    bridge.read()
    for k in range(1, 8):
        bridge.apply(np.zeros(2))
        answer(k, TORQUE, k % 3 == 0)
        bridge.read()
    assert (bridge.events["lost"], bridge.events["silent"]) == (4, 5)
    bridge.close()
    robot.close()


def test_after_a_goodbye_the_robot_comes_to_rest():
    """The last torque is not the last word: half a second later it stands, held by gravity's."""
    with Bullet(ARM, HOME) as robot:
        robot.reset(HOME, np.array([1.0, -1.0]))
        served = Serving(robot)
        with BridgeRobot(2, served.port, TOKEN) as bridge:
            bridge.read()
            bridge.apply(ARM.gravity(HOME))
        served.join(PATIENCE)
        q, dq = robot.state()
    assert np.abs(dq).max() < 1e-3
    assert np.abs(q - HOME).max() < 0.1


def test_a_robot_without_torques_comes_to_rest():
    """Three periods after the last torque the arm is braked, and held against gravity."""
    with Bullet(ARM, HOME) as robot:
        robot.reset(HOME, np.array([1.0, -1.0]))
        served = Serving(robot, period=2e-3)
        bridge = BridgeRobot(2, served.port, TOKEN, wait=WAIT)
        bridge.read()
        bridge.apply(ARM.gravity(HOME))
        state = bridge.read()
        for _ in range(250):
            state = bridge.read()
        assert np.abs(state.dq).max() < 1e-2
        bridge.close()
        served.join(PATIENCE)
        assert served.counts["rests"] == 1


def test_after_a_controller_that_crashed_another_one_goes_on():
    """Same token, another port: where the arm has come to rest, and its torques are taken."""
    with Bullet(ARM, HOME) as robot:
        robot.reset(HOME, np.array([1.0, -1.0]))
        served = Serving(robot)
        first = BridgeRobot(2, served.port, TOKEN, wait=WAIT)
        first.read()
        for _ in range(20):
            first.apply(ARM.gravity(HOME))
            first.read()
        first._port.socket.close()  # no goodbye
        with BridgeRobot(2, served.port, TOKEN, wait=WAIT) as second:
            before = second.read()
            assert np.abs(before.dq).max() < 0.02
            for _ in range(50):
                second.apply(ARM.gravity(before.q) + np.array([1.0, 0.0]))
                after = second.read()
            assert (after.q - before.q)[0] > 1e-3
        served.join(PATIENCE)
    assert served.counts["torques"] > 60  # of 70: on a busy machine two come at once
    assert 0 <= served.counts["lost"] < 10
    assert served.counts["stranger"] > 0  # its hellos, before the first was gone for a second


def test_a_peer_is_followed_by_a_hello_alone_and_only_at_rest():
    """While it speaks, or the arm moves, nobody else is heard; then no torque without a hello."""
    recorder = Recorder(dq=0.1)
    served = Serving(recorder, period=2e-3)
    peer, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    peer.settimeout(PATIENCE)
    to = ("127.0.0.1", served.port)

    def is_answered(kind, sequence, within, **fields):
        other.settimeout(within)
        other.sendto(encode(message(kind, sequence, tau=(9.0, 9.0), **fields)), to)
        try:
            return decode(other.recv(SIZE)).kind == STATE
        except TimeoutError:
            return False

    for sequence in range(1, 41):
        peer.sendto(encode(message(HELLO if sequence == 1 else TORQUE, sequence, tau=(0, 0))), to)
        while decode(peer.recv(SIZE)).answers < sequence:
            pass
        assert not is_answered(HELLO, 1, 0.02)
    assert not is_answered(HELLO, 1, 1.3)
    assert not is_answered(HELLO, 1, 0.1)  # silent for more than a second, but moving
    recorder.dq = np.zeros(2)
    assert not is_answered(TORQUE, 50, 0.1)
    assert not is_answered(HELLO, 50, 0.1, token=TOKEN + 1)
    assert is_answered(HELLO, 1, 5.0)
    peer.sendto(encode(message(TORQUE, 60, tau=(9.0, 9.0))), to)  # it has no say any more
    other.sendto(encode(message(GOODBYE, 2)), to)
    served.join(PATIENCE)
    assert not np.equal(recorder.taus, 9.0).any()
    assert (served.counts["torques"], served.counts["stranger"]) == (39, 45)
    peer.close()
    other.close()


def test_nobody_there_is_an_error():
    """A clear one, after the patience."""
    with pytest.raises(SimulationError, match="no robot of 2 joints"):
        BridgeRobot(2, 9, TOKEN, patience=0.2)


def joint_control(arm):
    return Blocks(arm, JointPD(kp=100.0, kv=20.0), NoAdaptation())


def test_a_dead_peer_is_a_controlled_stop_within_three_cycles():
    """Cycles between the last state and the stop: three."""
    path = MinimumJerk([HOME, HOME + 0.5], 1.0)
    # A state is awaited for many periods: a busy machine does not look like a dead peer.
    served = Serving(Recorder(period=0.02), period=0.02)
    with BridgeRobot(2, served.port, TOKEN, wait=0.5) as bridge:
        peer, stopped = bridge._port.peer, []

        def watch(number, reason):
            if number == 20:  # the peer dies: nothing that is sent is answered any more
                bridge._port.peer = ("127.0.0.1", 9)
            stopped.append(reason)

        timing = run(
            bridge, joint_control(ARM), path, 50.0, seconds=60, stop_time=0.04, watch=watch
        )
        bridge._port.peer = peer
    served.join(PATIENCE)
    first = next(k for k, reason in enumerate(stopped, start=1) if reason is not None)
    assert 20 < first <= 24, stopped[first - 1]
    assert "no new state for 3 cycles" in timing.stopped
    assert timing.events["silent"] >= 3


@pytest.fixture
def pendulum(project, tmp_path):
    """The example, compiled without a warning."""
    program = tmp_path / "pendulum_robot"
    source = project / "examples" / "pendulum_robot.c"
    flags = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *flags, "-o", program, source, "-lm"], check=True)
    return program


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_robot_in_c_reaches_and_comes_to_rest(pendulum):
    """The example is compiled without a warning, follows a path to 0.02 rad, and ends."""
    arm, start = arms.load("planar1"), np.array([0.3])
    path = MinimumJerk([start, start + 0.5], 0.5)
    with subprocess.Popen([pendulum, "0", str(TOKEN)], stdout=subprocess.PIPE, text=True) as robot:
        port = int(robot.stdout.readline())
        with BridgeRobot(1, port, TOKEN, wait=WAIT) as bridge:
            cycle, state = joint_control(arm), bridge.read()
            for _ in range(1000):
                bridge.apply(cycle.step(state, path.at(state.time)).tau)
                state = bridge.read()
            assert state.q[0] == pytest.approx(0.8, abs=0.02)
            for _ in range(300):  # no torques: at rest, where it is
                state = bridge.read()
            assert abs(state.dq[0]) < 1e-3
        counts = robot.communicate(timeout=PATIENCE)[0].split()
    assert int(counts[1]) == 1000


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_robot_in_c_comes_to_rest_after_a_goodbye(pendulum):
    """At more than 0.5 rad/s when it comes, it ends at rest."""
    with subprocess.Popen([pendulum, "0", str(TOKEN)], stdout=subprocess.PIPE, text=True) as robot:
        with BridgeRobot(1, int(robot.stdout.readline()), TOKEN, wait=WAIT) as bridge:
            state = bridge.read()
            for _ in range(50):
                bridge.apply(arms.load("planar1").gravity(state.q) + 3.0)
                state = bridge.read()
            assert state.dq[0] > 0.5
        words = robot.communicate(timeout=PATIENCE)[0].split()
    assert abs(float(words[words.index("speed") + 1])) < 1e-3


FLOOD = """
import socket, sys
junk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
junk.connect(("127.0.0.1", int(sys.argv[1])))
print(flush=True)
while True:
    try:
        junk.send(b"x")
    except OSError:
        break
"""


def test_a_flood_of_junk_does_not_stop_the_robot_s_clock():
    """Torques end, and one process sends bytes without end: the robot is held in every tenth
    period at least (about every second; without a bound once a second), and rests. Seconds are
    those of the processor for this process, of which a busy machine gives it few."""
    robot = Recorder()
    served = Serving(robot)
    bridge = BridgeRobot(2, served.port, TOKEN, wait=0.01)
    bridge.read()
    bridge.apply(np.zeros(2))
    command = [sys.executable, "-c", FLOOD, str(served.port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as flood:
        flood.stdout.readline()
        before, started = len(robot.taus), time.process_time()
        time.sleep(1.0)
        rate = (len(robot.taus) - before) / (time.process_time() - started)
        flood.kill()
    time.sleep(0.5)  # what is left of the flood is read: a goodbye would not fit in beside it
    bridge.close()
    served.join(PATIENCE)
    assert rate > 100.0
    assert served.counts["rests"] == 1
    assert served.counts["stranger"] > 1000
