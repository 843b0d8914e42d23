"""A pendulum as URDF, and what tests add to it."""

PENDULUM = """<robot name="p"><link name="base"/><link name="rod">
<inertial><origin xyz="0.5 0 0"/><mass value="1"/>
<inertia ixx="0.01" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial></link>
<joint name="j" type="revolute"><parent link="base"/><child link="rod"/><axis xyz="0 1 0"/>
<limit lower="-1" upper="1" velocity="2" effort="3"/></joint></robot>"""


def with_parts(parts, text=PENDULUM):
    """A URDF with more parts."""
    return text.replace("</robot>", f"{parts}</robot>")


def hung(name, parent="rod", kind="fixed", inside=""):
    """A link without mass, on a joint "to_<name>"."""
    return (
        f'<link name="{name}"/><joint name="to_{name}" type="{kind}"><parent link="{parent}"/>'
        f'<child link="{name}"/>{inside}</joint>'
    )
