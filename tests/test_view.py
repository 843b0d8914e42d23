"""What the view shows, what it may read, and that no fault of it ends a run."""

import logging
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from view_samples import recorded_run

import arms
from arms.model.link_poses import link_poses
from nengo_forcectl.errors import ConfigurationError, RecordError, VersionError
from nengo_forcectl.jobs import ReachSettings, ShowSettings, run_reach, run_show
from nengo_forcectl.jobs.run_folder import read_run
from nengo_forcectl.jobs.show.recorded_scene import recorded_scene
from nengo_forcectl.sim import Bullet, MuJoCo, Payload, Peg, Table, ViscousFriction

pytest.importorskip("viser", reason="needs viser")

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from nengo_forcectl.view import View, looks_of
from nengo_forcectl.view.html_page import recorded_page
from nengo_forcectl.view.looks import plain_looks
from nengo_forcectl.view.mesh_files import SHOWN_FACES, Mesh, read_mesh, thinned, trusted_folders
from nengo_forcectl.view.missing_torque import missing_torque
from nengo_forcectl.view.page_process import SCREENS, PageProcess
from nengo_forcectl.view.served_page import HOST, PORT, free_port
from nengo_forcectl.view.shown import rows_of

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
ARM = """<robot name="r"><link name="base"/><link name="rod">
<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1"/></inertial>
<visual><geometry>{shape}</geometry><material name="m"><color rgba="1 0 0 1"/></material></visual>
</link><joint name="j" type="revolute"><parent link="base"/><child link="rod"/>
<limit lower="-1" upper="1" velocity="1" effort="1"/></joint></robot>"""


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch):
    """No browser opens on the machine that tests."""
    for name in SCREENS:
        monkeypatch.delenv(name, raising=False)


def arm_with(folder, shape):
    """A URDF in ``folder`` whose link is shown by ``shape``; the arm and the file."""
    file = folder / "arm.urdf"
    file.write_text(ARM.format(shape=shape))
    return arms.load(file), file


@pytest.mark.parametrize("name", ["planar2", "kuka_iiwa"])
def test_all_links_are_where_the_kernels_say(name, rng):
    """For a batch of joint positions, in every frame."""
    arm = arms.load(name)
    q = rng.uniform(-1.0, 1.0, (3, arm.dof))
    poses = link_poses(arm.chain, q)
    for link in (arm.chain.links[1].name, arm.chain.tip):
        np.testing.assert_allclose(poses[link], [arm.pose(each, link) for each in q], atol=1e-12)


def test_links_that_mimic_and_slide_move():
    """A finger that follows another one, by half as much."""
    joint = (
        '<joint name="{0}" type="prismatic"><parent link="base"/><child link="{0}"/>'
        '<axis xyz="0 1 0"/><limit lower="0" upper="1"/>{1}</joint>'
    )
    text = (
        '<robot name="r"><link name="base"/>'
        + "".join(
            f'<link name="{name}"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1"/>'
            "</inertial></link>"
            for name in "ab"
        )
        + joint.format("a", "")
        + joint.format("b", '<mimic joint="a" multiplier="-0.5" offset="0.1"/>')
        + "</robot>"
    )
    chain = arms.model.urdf.parse_urdf(text, tip="a")
    poses = link_poses(chain, np.array([0.4]))
    assert poses["a"][:3, 3].tolist() == [0.0, 0.4, 0.0]
    np.testing.assert_allclose(poses["b"][:3, 3], [0.0, -0.1, 0.0])


@pytest.mark.parametrize("way", ["../secret.obj", "{outside}", "link.obj", "/etc/passwd"])
def test_a_mesh_outside_the_folder_is_not_read(tmp_path, caplog, way):
    """By "..", an absolute path or a link; the arm gets a plain shape, and a line says why."""
    caplog.set_level("INFO", logger="nengo_forcectl")
    outside, own = tmp_path / "secret.obj", tmp_path / "own"
    outside.write_text(TRIANGLE)
    own.mkdir()
    (own / "link.obj").symlink_to(outside)
    arm, file = arm_with(own, f'<mesh filename="{way.format(outside=outside)}"/>')
    looks = looks_of(arm, file)
    assert all(len(look.faces) > 1 for look in looks)
    assert "is outside the folder of the arm's file" in caplog.text


def test_meshes_of_the_folder_and_of_its_ros_package_are_read(tmp_path):
    """A package is known by its package.xml; without one its other folders are outside."""
    for folder in ("urdf", "meshes"):
        (tmp_path / folder).mkdir()
    for folder in ("urdf", "meshes"):
        (tmp_path / folder / f"{folder}.obj").write_text(TRIANGLE)
    arm, file = arm_with(tmp_path / "urdf", '<mesh filename="urdf.obj" scale="2 2 2"/>')
    (look,) = looks_of(arm, file)
    assert look.rgb == (1.0, 0.0, 0.0)
    assert look.vertices.max() == 2.0
    mesh = tmp_path / "meshes" / "meshes.obj"
    with pytest.raises(ConfigurationError, match="outside"):
        read_mesh(mesh, trusted_folders(file))
    (tmp_path / "package.xml").write_text("<package/>")
    assert len(read_mesh(mesh, trusted_folders(file)).faces) == 1


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.obj", b"v 0 0 0", "needs 1 to"),
        ("a.obj", b"v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "needs 1 to"),
        ("a.stl", b"\0" * 200, "a.stl"),
        ("a.glb", b"glTF" + b"\xff" * 40, "cannot be read"),
        ("a.dae", b"<COLLADA/>", "one of the formats"),
        ("missing.obj", None, "there is no such file"),
    ],
)
def test_a_damaged_mesh_is_one_error(tmp_path, name, content, problem):
    """Each names the file."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=problem):
        read_mesh(tmp_path / name, (tmp_path.resolve(),))


def test_a_mesh_opens_no_other_file(tmp_path, monkeypatch):
    """The materials that an OBJ names are not looked for."""
    (tmp_path / "a.obj").write_text("mtllib ../../secret.mtl\nusemtl x\n" + TRIANGLE)
    opened = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path.name) or read(path))
    monkeypatch.setattr("builtins.open", lambda *_, **__: opened.append("another"))
    read_mesh(tmp_path / "a.obj", (tmp_path.resolve(),))
    assert opened == ["a.obj"]


def test_plain_shapes_of_a_urdf_are_shown(tmp_path):
    """A box, a cylinder and a sphere have the file's sizes; to_urdf writes them back."""
    for shape, size in (
        ('<box size="1 2 3"/>', (1.0, 2.0, 3.0)),
        ('<cylinder radius="1" length="3"/>', (2.0, 2.0, 3.0)),
        ('<sphere radius="2"/>', (4.0, 4.0, 4.0)),
    ):
        arm, file = arm_with(tmp_path, shape)
        (look,) = looks_of(arm, file)
        np.testing.assert_allclose(np.ptp(look.vertices, axis=0), size, rtol=0.01)
        again = arms.model.urdf.parse_urdf(arm.to_urdf(meshes=True), tmp_path, tip="rod")
        assert again.links[1].visuals == arm.chain.links[1].visuals


def test_collision_geometry_stands_in_for_meshes_that_cannot_be_read(tmp_path):
    """A link with a mesh of an unknown format is shown by its collision shapes, if it has any."""
    (tmp_path / "rod.dae").write_text("<COLLADA/>")
    file = tmp_path / "arm.urdf"
    text = ARM.format(shape='<mesh filename="rod.dae"/>')
    for solid, size in (('<sphere radius="2"/>', 4.0), ('<mesh filename="rod.dae"/>', None)):
        geometry = f"</visual><collision><geometry>{solid}</geometry></collision>"
        file.write_text(text.replace("</visual>", geometry))
        arm = arms.load(file)
        looks = looks_of(arm, file)
        if size is None:
            assert len(looks) == len(plain_looks(arm))
        else:
            assert [round(np.ptp(look.vertices), 1) for look in looks] == [size]


def test_an_mjcf_is_shown_by_its_geoms(tmp_path):
    """Meshes and shapes of groups 0 to 2, each at its place; not those that only collide."""
    pytest.importorskip("mujoco")
    file = tmp_path / "arm.xml"
    file.write_text("""<mujoco><worldbody><body name="rod"><joint name="j" range="-1 1"/>
      <geom type="box" size=".1 .2 .3" pos="1 0 0" rgba="0 1 0 1"/>
      <geom type="sphere" size="5" group="3"/></body></worldbody></mujoco>""")
    looks = [look for look in looks_of(arms.load(file), file) if look.link == "rod"]
    assert [look.rgb for look in looks] == [(0.0, 1.0, 0.0)]
    np.testing.assert_allclose(looks[0].vertices.max(axis=0), [1.1, 0.2, 0.3])


def test_a_heavy_mesh_is_thinned_out(rng):
    """It keeps its extent to a cell, and every triangle has three corners."""
    n = 120
    x, y = np.meshgrid(np.linspace(0.0, 1.0, n), np.linspace(0.0, 1.0, n))
    vertices = np.column_stack([x.ravel(), y.ravel(), 0.1 * np.sin(9.0 * x.ravel())])
    k = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    faces = np.vstack([np.stack([k, k + 1, k + n], 1), np.stack([k + 1, k + n + 1, k + n], 1)])
    light = thinned(Mesh(vertices, faces))
    assert 1000 < len(light.faces) <= SHOWN_FACES
    np.testing.assert_allclose(np.ptp(light.vertices, axis=0), np.ptp(vertices, axis=0), atol=0.05)
    assert all(len(set(face)) == 3 for face in light.faces.tolist())


@pytest.mark.parametrize("engine", [Bullet, MuJoCo])
def test_a_payload_dropped_by_hand_is_one_dropped_by_the_clock(engine, planar):
    """The same motion, to the last bit; friction changes at once."""
    arm = arms.load("planar2")
    q = np.array([0.3, 0.5])
    scheduled = (Payload(1.0, end=0.02), ViscousFriction(0.5))
    by_hand = (Payload(1.0), ViscousFriction(0.5))
    with engine(arm, q, scheduled) as clock, engine(arm, q, by_hand) as hand:
        for cycle in range(40):
            if cycle == 20:
                hand.change(Payload(0.0), ViscousFriction(0.5))
            for robot in (clock, hand):
                robot.apply(np.zeros(2))
        assert np.array_equal(clock.state(), hand.state())
        before = hand.state()[1]
        hand.change(ViscousFriction(50.0))
        hand.apply(np.zeros(2))
        assert np.abs(hand.state()[1]).max() < np.abs(before).max()
        with pytest.raises(ConfigurationError, match="Payload is one of 1"):
            clock.change(Payload(1.0))  # it goes by itself
        with pytest.raises(ConfigurationError, match="Peg is one of 0"):
            hand.change(type("Peg", (ViscousFriction,), {})(1.0))


@pytest.mark.parametrize("surface", [Table, Peg])
def test_a_payload_dropped_in_contact_leaves_the_contact(surface):
    """The force goes on from where it was, and both engines agree."""
    arm, q = arms.load("planar2"), np.array([0.5, -1.2])
    x, y, z = arm.pose(q)[:3, 3].tolist()
    ground = surface((x, y - 0.006, z), 1e3, normal=(0.0, 1.0, 0.0))
    forces = []
    for engine in (Bullet, MuJoCo):
        disturbances = Payload(1.0), ViscousFriction(0.9)
        with engine(arm, q, disturbances, 2.5e-4, period=1e-3, surface=ground) as robot:
            force = []
            for cycle in range(210):
                if cycle == 200:
                    robot.change(Payload(0.0))
                state = robot.read()
                robot.apply(arm.gravity(state.q) - 5.0 * state.dq)
                force.append(robot.contact[1])
        assert force[199] > 5.0
        np.testing.assert_allclose(force[200], force[199], rtol=0.1)
        assert force[209] < 0.9 * force[199]
        forces.append(force[150:])
    np.testing.assert_allclose(forces[0], forces[1], rtol=0.05)


def test_a_page_that_ends_does_not_end_the_run(tmp_path, monkeypatch, caplog):
    """One line says so, and the run is complete."""
    begin = View.begin

    def kill(view, name):
        view._page._process.kill()
        view._page._process.wait()
        begin(view, name)

    monkeypatch.setattr(View, "begin", kill)
    monkeypatch.setattr("nengo_forcectl.view.live.PATIENCE", 0.1)
    run = run_reach(
        ReachSettings(arm="planar2", adapt=("none",), passes=1, view=True, out=tmp_path / "run")
    )
    assert caplog.text.count("the page has ended") == 1
    assert run.summary["complete"]


def test_the_tip_of_a_tool_is_shown(tmp_path):
    """Where nothing else shows the last link, too."""
    folder = recorded_run(tmp_path, ["exact"], "planar2", seconds=0.1, tool=[0.0, 0.1, 0.0])
    page = run_show(ShowSettings(folder, html=tmp_path / "page.html"))
    assert page.stat().st_size > 1e5


def test_missing_torque_is_that_of_the_record(reached):
    """The motion of one cycle tells what the job computes from the disturbances."""
    run = reached
    record = run.records["none"]
    rows = rows_of({name: record[name] for name in record if name != "unmodelled"}, 1e-3)
    assert rows["time"][-1] == record["time"][-2]
    wanted = rows_of(record, 1e-3)["unmodelled"]
    arm = arms.load("planar2")
    found = missing_torque(arm, rows)
    np.testing.assert_allclose(found, wanted, atol=2e-3 * np.abs(wanted).max())


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    """A run with a view that no browser shows, while another program has the port."""
    log = logging.getLogger("nengo_forcectl")
    lines, handler = [], logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(record.getMessage())
    log.addHandler(handler)
    level, log.level = log.level, logging.INFO
    settings = ReachSettings(
        arm="planar2", adapt=("none",), passes=1, view=True,
        out=tmp_path_factory.mktemp("view") / "run",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, socket.socket() as other:
        patch.setattr("nengo_forcectl.view.live.PATIENCE", 0.1)
        for name in SCREENS:
            patch.delenv(name, raising=False)
        taken(other)
        run = run_reach(settings)
    log.removeHandler(handler)
    log.setLevel(level)
    reached_lines.extend(lines)
    return run


reached_lines = []


def taken(other):
    """Take the page's usual port, unless another program has it already."""
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        other.bind((HOST, PORT))
        other.listen()
    except OSError:
        return


def test_without_a_browser_and_with_a_taken_port_the_run_goes_on(reached):
    """One line each, and the summary is that of a run on which nobody moved anything."""
    text = "\n".join(reached_lines)
    assert f"(port {PORT} is taken)" in text
    assert "no browser can be opened here" in text
    assert "no browser shows the page; the run goes on" in text
    assert reached.summary["complete"]
    assert "by_hand" not in reached.summary


def test_foreign_pages_are_refused(tmp_path):
    """A page of another site in the same browser cannot reach the controls."""
    run = read_run(recorded_run(tmp_path, ["none"], "planar2", seconds=0.2))
    page = PageProcess(*recorded_scene(run))
    page.open()
    try:
        address = f"ws://{HOST}:{page.port}"
        for own in (f"http://{HOST}:{page.port}", "http://localhost:1234"):
            with connect(address, origin=own, subprotocols=["viser-v0"]):
                pass
        for foreign in ("http://example.com:8080", "https://localhost.example.com", "null"):
            with pytest.raises(InvalidStatus, match="403"):
                connect(address, origin=foreign, subprotocols=["viser-v0"])
    finally:
        page.close()


def test_a_free_port_is_chosen():
    """0 lets the system choose."""
    with socket.socket() as other:
        taken(other)
        assert free_port() == 0


def test_names_are_text_on_a_page(tmp_path):
    """Title and controllers of a stranger's run end no element and no script."""
    evil = "</script><img src=x onerror=alert(1)>"
    shown, records = recorded_scene(
        read_run(recorded_run(tmp_path, ["none"], "planar2", seconds=0.2))
    )
    shown = shown._replace(title=evil, about=evil)
    page = recorded_page(shown, {evil: records["none"]}, {evil: evil}, [evil])
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_show_refuses_what_it_cannot_show(tmp_path):
    """A file that exists, a run of another verb, an arm with other joints, no cycle."""
    folder = recorded_run(tmp_path, ["none"], "planar2", seconds=0.1)
    file = tmp_path / "page.html"
    file.write_text("mine")
    with pytest.raises(RecordError, match="exists, and is not overwritten"):
        run_show(ShowSettings(folder, html=file))
    assert file.read_text() == "mine"
    new = tmp_path / "new.html"
    for change, problem in (
        ({"verb": "bench"}, "is of 'bench', needs a run of reach, press, wipe, run"),
        ({"joints": ["a", "b"]}, "its arm has the joints a, b"),
        ({"targets": "x"}, "holds no run that can be shown"),
    ):
        recorded_run(tmp_path, ["none"], "planar2", seconds=0.1, **change)
        with pytest.raises((ConfigurationError, RecordError), match=problem):
            run_show(ShowSettings(folder, html=new))
    assert not new.exists()


def test_without_viser_the_view_says_what_to_install(tmp_path, monkeypatch):
    """Before anything runs; a run without a view does not need it."""
    monkeypatch.setitem(sys.modules, "trimesh", None)
    settings = ReachSettings(
        arm="planar2", adapt=("none",), passes=1, view=True, out=tmp_path / "r"
    )
    with pytest.raises(VersionError, match=r"pip install 'nengo-forcectl\[view\]'"):
        run_reach(settings)


def test_the_view_is_not_loaded_without_need():
    """Neither viser nor trimesh comes with the jobs."""
    code = "import sys; from nengo_forcectl.jobs import run_reach; print('viser' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
