"""A process that speaks a Franka's network protocol: franky-sim, in lock-step with its client.

In torque control the simulation waits for the torque of each state, so that a loaded machine gives
the same numbers as an idle one. It ends when its standard input closes.

    python tests/franka_server.py ADDRESS MASS X Y Z MODE
"""

import select
import sys
import threading
import xml.etree.ElementTree as ElementTree

from franky_sim import SimulationServer
from franky_sim.franka_robot_protocol import RobotMode
from franky_sim.franka_robot_server import FrankaRobotServer
from franky_sim.mujoco_simulator import MujocoSimulator

PATIENCE = 0.5  # longest wait for a torque, or for a client [s]
IDLE = 0.004  # between two states of a robot that does not move [s]


class LockStep(SimulationServer):
    """A server that steps once per torque while its client sends torques."""

    def run_once(self, realtime=False):
        """Step once; then wait for the torque that answers the state, or for something to do."""
        super().run_once(realtime=False)
        (robot,) = self.robot_servers
        tcp, udp = robot._FrankaServer__tcp_socket, robot._FrankaServer__udp_socket
        if tcp is None:
            select.select([robot._FrankaServer__server_socket], [], [], PATIENCE)
        elif robot.current_motion_id and udp is not None:
            select.select([udp, tcp], [], [], PATIENCE)
        else:
            select.select([tcp], [], [], IDLE)


def main(address: str, mass: str, x: str, y: str, z: str, mode: str = "") -> None:
    """Serve one robot with a point mass at its flange; it states a mode of its own, if any."""
    if mode:
        state = FrankaRobotServer.robot_state.fget
        FrankaRobotServer.robot_state = property(
            lambda server: state(server).replace(robot_mode=RobotMode[mode])
        )
    with MujocoSimulator() as simulator:
        simulator.add_robot()
        if float(mass) > 0.0:
            link = next(
                each
                for each in simulator.scene.iter("body")
                if each.get("name") == "robot0_fr3_link7"
            )
            body = ElementTree.SubElement(
                link, "body", name="payload", pos=f"{x} {y} {float(z) + 0.107}"
            )
            inertia = " ".join(["1e-6"] * 3)
            ElementTree.SubElement(body, "inertial", pos="0 0 0", mass=mass, diaginertia=inertia)
        with LockStep(simulator, hostname_candidates=[address]) as server:
            threading.Thread(
                target=lambda: (sys.stdin.read(), setattr(server, "running", False)), daemon=True
            ).start()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            server.run_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
