"""What the view shows of an arm, and which meshes it may read."""

from pathlib import Path

import numpy as np
import pytest

import arms
from arms.model.link_poses import link_poses
from nengo_forcectl.errors import ConfigurationError

pytest.importorskip("viser", reason="needs viser")

from nengo_forcectl.view import looks_of
from nengo_forcectl.view.looks import plain_looks
from nengo_forcectl.view.mesh_files import SHOWN_FACES, Mesh, read_mesh, thinned, trusted_folders

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
ARM = """<robot name="r"><link name="base"/><link name="rod">
<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1"/></inertial>
<visual><geometry>{shape}</geometry><material name="m"><color rgba="1 0 0 1"/></material></visual>
</link><joint name="j" type="revolute"><parent link="base"/><child link="rod"/>
<limit lower="-1" upper="1" velocity="1" effort="1"/></joint></robot>"""


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
