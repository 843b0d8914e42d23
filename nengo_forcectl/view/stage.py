"""The scene in viser: arm, targets, reference, trail, payload, forces, surface."""

from typing import Any

import numpy as np
from jaxtyping import Float

from arms.model.chain import Chain
from arms.model.link_poses import link_poses
from arms.model.spatial import matrix, z_to

from .shown import Shown

TARGET, REFERENCE, PAYLOAD = (214, 84, 60), (60, 60, 66), (196, 148, 60)
ARROWS = {"weight": (140, 100, 30), "contact": (200, 40, 120)}  # forces, and their colours
DENSITY = 2700.0  # of the payload's ball [kg/m^3]: aluminium
PIECE = 40  # segments of a piece of the trail
PIECES = 12  # that stay
NEWTON = 0.008  # length of a force's arrow [m/N]
LONGEST = 0.5  # of an arrow [m]
LEAST = 0.5  # force that gets an arrow [N]
STILL = 1e-5  # change of a place [m], or of a quaternion's part, that is none
NEAREST = 0.004  # distance of two positions of a trail [m]
VIEW = np.array([1.25, -1.05, 0.65])  # direction of the camera, where z points up


class Stage:
    """The scene of a page; `show` moves it.

    Args:
        server: viser's server.
        shown: what there is to see.
    """

    def __init__(self, server: Any, shown: Shown) -> None:
        self._server, self._scene, self._shown = server, server.scene, shown
        up = -shown.arm.gravity_vector
        self._up = up / np.linalg.norm(up) if up.any() else np.array([0.0, 0.0, 1.0])
        self._trail: list[Any] = []  # pieces of it
        self._points: list[np.ndarray] = []  # of the last piece
        self._pieces = 0  # so far
        self._colour = (90, 90, 96)
        self._links: dict[str, Any] = {}
        self._add_surroundings()
        self._add_arm()
        self._add_task()
        self._long: dict[str, float] = {}  # length of each arrow [m]
        self._arrows = {name: self._add_arrow(name, colour) for name, colour in ARROWS.items()}
        self.mass = -1.0  # of the payload that is shown [kg]
        self._held = np.zeros(3)  # its place [m]
        self.carry(shown.payload)
        self.show(shown.q, np.empty((0, 3)), None, None)

    def _add_surroundings(self) -> None:
        scene, shown, up = self._scene, self._shown, tuple(self._up.tolist())
        scene.set_up_direction(up)
        scene.world_axes.visible = False
        scene.configure_default_lights(True, cast_shadow=False)
        R = z_to(up)
        poses = link_poses(shown.arm.chain, shown.q)
        points = np.vstack([T[:3, 3] for T in poses.values()] + [shown.path, shown.targets])
        low, high = points.min(axis=0), points.max(axis=0)
        size = max(float(np.linalg.norm(high - low)), 0.3)
        floor = min(float((points @ self._up).min()), 0.0)
        scene.add_grid(
            "/floor", 2.4 * size, 2.4 * size, plane="xy", cell_size=0.1, section_size=0.5,
            wxyz=_quaternion(R), position=(floor - 0.002) * self._up,
            cell_color=(225, 225, 228), section_color=(200, 200, 206),
        )  # fmt: skip
        camera = self._server.initial_camera
        middle = 0.5 * (low + high)
        flat = abs(float(self._up[2])) < 0.5  # a planar arm, in the plane that its axes stand on
        direction = np.array([0.25, 0.2, 1.3]) if flat else R @ VIEW
        camera.up = self._up
        camera.look_at = middle
        camera.position = middle + 1.4 * size * direction / np.linalg.norm(direction)
        camera.fov = 0.8

    def _add_arm(self) -> None:
        for link in {look.link for look in self._shown.looks}:
            self._links[link] = self._scene.add_frame(f"/arm/{_safe(link)}", show_axes=False)
        for number, look in enumerate(self._shown.looks):
            self._scene.add_mesh_simple(
                f"/arm/{_safe(look.link)}/part{number}",
                look.vertices.astype(np.float32), look.faces.astype(np.uint32), color=look.rgb,
                flat_shading=False, side="double", cast_shadow=False, receive_shadow=False,
            )  # fmt: skip

    def _add_task(self) -> None:
        scene, shown = self._scene, self._shown
        radius = 0.012
        for number, target in enumerate(shown.targets):
            scene.add_icosphere(f"/targets/{number + 1}", radius, color=TARGET, position=target)
        if len(shown.path) > 1:
            ends = np.stack([shown.path[:-1], shown.path[1:]], axis=1)
            scene.add_line_segments(
                "/path", ends, colors=(150, 150, 156), thickness=1.5, thickness_units="screen"
            )
        self._reference = scene.add_icosphere("/reference", 0.008, color=REFERENCE)
        if shown.surface is not None:
            self._add_surface(shown.surface)
        if shown.tip is not None:
            self._add_tool(shown.arm.chain, shown.tip)

    def _add_tool(self, chain: Chain, tip: Float[np.ndarray, "3"]) -> None:
        """Add a rod from the tool frame to the tip of a tool."""
        if chain.tip not in self._links:
            self._links[chain.tip] = self._scene.add_frame(
                f"/arm/{_safe(chain.tip)}", show_axes=False
            )
        T = matrix(chain.tool)
        rod = np.array([[T[:3, 3], T[:3, 3] + T[:3, :3] @ tip]])
        self._scene.add_line_segments(
            f"/arm/{_safe(chain.tip)}/tool", rod, colors=(90, 90, 96), thickness=0.01
        )

    def _add_surface(self, surface: Any) -> None:
        """Add a table, or a peg at its full height."""
        normal, point = np.array(surface.normal), np.array(surface.point)
        R = _quaternion(z_to(tuple(surface.normal)))
        if hasattr(surface, "travel"):
            long = 2.0 * surface.travel
            self._scene.add_cylinder(
                "/surface", surface.radius, long, color=(120, 150, 190), wxyz=R,
                position=point - 0.5 * long * normal,
            )  # fmt: skip
            return
        self._scene.add_box(
            "/surface", color=(206, 190, 166), dimensions=(0.4, 0.4, 0.004), opacity=0.6, wxyz=R,
            position=point - 0.002 * normal, cast_shadow=False,
        )  # fmt: skip

    def carry(self, mass: float) -> None:
        """Show a payload of ``mass`` [kg] at the tool frame; 0: none."""
        if mass == self.mass:
            return
        self.mass = mass
        radius = (3.0 * max(mass, 1e-9) / (4.0 * np.pi * DENSITY)) ** (1.0 / 3.0)
        self._payload = self._scene.add_icosphere(
            "/payload", radius, color=PAYLOAD, visible=mass > 0.0, opacity=0.85, position=self._held
        )

    def restart(self, colour: str) -> None:
        """Begin a new trail, of a controller with this colour."""
        for piece in self._trail:
            piece.remove()
        self._trail, self._points = [], []
        red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        self._colour = red, green, blue

    def show(
        self,
        q: Float[np.ndarray, "n"],
        tool: Float[np.ndarray, "k 3"],
        reference: Float[np.ndarray, "3"] | None,
        force: Float[np.ndarray, "3"] | None,
    ) -> None:
        """Move everything.

        Args:
            q: joint positions [rad].
            tool: new positions of the tool [m].
            reference: position that it is to have [m], if any.
            force: force that the surroundings exert on it [N], if known.
        """
        shown = self._shown
        poses = link_poses(shown.arm.chain, q)
        tip = poses[shown.arm.chain.tip] @ matrix(shown.arm.chain.tool)
        at = tip[:3, 3] if shown.tip is None else tip[:3, 3] + tip[:3, :3] @ shown.tip
        with self._server.atomic():
            for link, frame in self._links.items():
                _place(frame, poses[link][:3, 3], _quaternion(poses[link][:3, :3]))
            self._held = tip[:3, 3]
            _place(self._payload, self._held)
            _reveal(self._reference, reference is not None)
            if reference is not None:
                _place(self._reference, reference)
            self._show_forces(at, tip[:3, 3], force)
            if len(tool):
                self._extend(tool)

    def _show_forces(
        self,
        at: Float[np.ndarray, "3"],
        held: Float[np.ndarray, "3"],
        force: Float[np.ndarray, "3"] | None,
    ) -> None:
        weight = self.mass * self._shown.arm.gravity_vector
        for name, start, vector in (
            ("weight", held, weight),
            ("contact", at, np.zeros(3) if force is None else force),
        ):
            size, arrow = float(np.linalg.norm(vector)), self._arrows[name]
            _reveal(arrow, size > LEAST)
            if size > LEAST:
                long = round(min(NEWTON * size, LONGEST) / NEAREST) * NEAREST
                if long != self._long.get(name):  # a new shape comes later than a new place
                    self._long[name] = long
                    arrow.points = np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, long]]], np.float32)
                x, y, z = (vector / size).tolist()
                # A force that pushes the tool ends there; a weight hangs from it.
                place = start if name == "weight" else start - long * vector / size
                _place(arrow, place, _quaternion(z_to((x, y, z))))

    def _add_arrow(self, name: str, colour: tuple[int, int, int]) -> Any:
        return self._scene.add_arrows(
            f"/forces/{name}", np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, 0.1]]]), colors=colour,
            shaft_radius=0.006, head_radius=0.015, head_length=0.035, visible=False,
        )  # fmt: skip

    def _extend(self, tool: Float[np.ndarray, "k 3"]) -> None:
        """Add to the last piece of the trail; begin another where it is long."""
        points, before = self._points, len(self._points)
        for point in tool:
            if not points or np.linalg.norm(point - points[-1]) > NEAREST:
                points.append(point)
        if len(points) == before or len(points) < 2:
            return
        ends = np.stack([points[:-1], points[1:]], axis=1)
        if before >= 2:
            self._trail[-1].points = ends.astype(np.float32)
        else:
            self._pieces += 1
            self._trail.append(
                self._scene.add_line_segments(
                    f"/trail/{self._pieces}",
                    ends,
                    colors=self._colour,
                    thickness=3.0,
                    thickness_units="screen",
                )
            )
        if len(points) > PIECE:
            self._points = points[-1:]
        if len(self._trail) > PIECES:
            self._trail.pop(0).remove()


def _place(
    node: Any, position: Float[np.ndarray, "3"], wxyz: Float[np.ndarray, "4"] | None = None
) -> None:
    """Move a node, with a message only for what has changed."""
    if np.abs(node.position - position).max() > STILL:
        node.position = position
    if wxyz is not None and np.abs(node.wxyz - wxyz).max() > STILL:
        node.wxyz = wxyz


def _reveal(node: Any, visible: bool) -> None:
    if node.visible != visible:
        node.visible = visible


def _safe(name: str) -> str:
    """Return a link's name as one step of viser's paths."""
    return name.replace("/", "_")


def _quaternion(R: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "4"]:
    """Return the quaternion (w, x, y, z) of a rotation (Shepperd 1978)."""
    trace = float(np.trace(R))
    squares = np.array([trace, R[0, 0], R[1, 1], R[2, 2]])
    k = int(squares.argmax())
    if k == 0:
        w = np.array([1 + trace, R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
        return w / np.linalg.norm(w)
    i, j, m = ((0, 1, 2), (1, 2, 0), (2, 0, 1))[k - 1]
    w = np.empty(4)
    w[0] = R[m, j] - R[j, m]
    w[1 + i] = 1 + R[i, i] - R[j, j] - R[m, m]
    w[1 + j] = R[j, i] + R[i, j]
    w[1 + m] = R[m, i] + R[i, m]
    return w / np.linalg.norm(w)
