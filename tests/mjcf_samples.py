"""Small arms in MJCF, each with features of the format that arms of public collections use."""

BALL = '<geom type="sphere" size=".05" mass="1" pos="0 .02 .1"/>'

CLASSES = """<mujoco model="classes"><compiler angle="degree" autolimits="true"/>
<option gravity="0.3 -0.2 -9.7"/>
<default><default class="arm"><joint damping="0.4" armature="0.1" frictionloss="0.2"
axis="0 0 1" range="-160 160"/><general biastype="affine" gainprm="100" biasprm="0 -100 -10"
forcerange="-30 30"/><default class="wrist"><joint armature="0.02" range="-90 120"/></default>
</default></default>
<worldbody><light pos="0 0 2"/><body name="link0" childclass="arm" pos="0.1 0.2 0.3">
<body name="link1" pos="0 0 .3" quat="1 1 0 0"><inertial pos=".01 .02 .03" mass="3"
fullinertia=".05 .06 .07 .001 .002 .003"/><joint name="one"/>
<body name="link2" pos="0 .4 0" quat="0.707107 0.707107 0 0"><inertial pos="0 .1 .05" mass="2"
diaginertia=".02 .03 .04" quat="1 .2 .3 .1"/><joint name="two" axis="1 0 0"/>
<body name="link3" pos=".08 0 .25"><inertial pos=".02 0 .04" mass="1" diaginertia=".01 .012 .009"/>
<joint name="three" class="wrist" axis="0 1 0"/><site name="flange" pos="0 .05 .1" quat="1 0 1 0"/>
</body></body></body></body></worldbody>
<actuator><general name="a1" class="arm" joint="one"/><general class="arm" joint="two" gear="2"/>
<motor joint="three" ctrlrange="-12 9" gear="3"/></actuator>
<keyframe><key name="home" qpos="0.1 0.2 0.3"/></keyframe></mujoco>"""

GEOMS = f"""<mujoco model="geoms"><compiler angle="radian" eulerseq="zyx"/><worldbody>
<geom type="plane" size="1 1 .1"/><body name="a" euler=".1 .2 .3"><joint name="j1" axis="1 2 2"/>
<geom type="capsule" fromto="0 0 0 0 0.1 0.4" size=".04"/><geom type="box" size=".1 .02 .03"
euler=".4 .1 0" density="500"/>
<body name="b" pos="0 .1 .4" axisangle="0 1 0 .7"><joint name="j2" axis="0 1 0" pos="0 .03 -.02"
range="-2 2" actuatorfrcrange="-40 40"/>{BALL}
<body name="c" pos=".1 0 .2" xyaxes="0 1 0 -1 0 0"><joint name="j3" type="slide" axis="0 0 1"
range="0 .3" armature="2"/><geom type="cylinder" size=".03 .1"/></body></body></body></worldbody>
<actuator><motor joint="j2" gear="50" ctrlrange="-1 1" ctrllimited="true"/>
<position joint="j3" kp="100" forcerange="-70 70"/></actuator></mujoco>"""

OFFSETS = f"""<mujoco model="offsets"><compiler angle="degree" coordinate="local"/><worldbody>
<body name="a" pos="0 0 .5"><joint name="x" type="slide" axis="1 0 0" ref=".2" range="-1 1"/>
<joint name="turn" axis="0 0 1" ref="30" pos=".1 .2 0" range="-170 170"/>
<joint name="tilt" axis="0 1 0" ref="-20" pos="0 .1 .1"/>{BALL}
<body name="b" pos="0 0 .3" zaxis="0 1 1"><joint name="last" axis="0.6 0 0.8" ref="45"
pos=".02 0 0" range="-90 90"/>{BALL}</body></body></worldbody></mujoco>"""

FRAMES = f"""<mujoco model="frames"><worldbody><frame pos=".1 0 0" quat="1 0 0 1">
<frame euler="0 30 0"><body name="a" pos="0 0 .2"><joint name="j1" axis="0 0 1"/>{BALL}
<frame pos="0 0 .1" axisangle="1 0 0 45"><body name="b" pos="0 .1 .2"><joint name="j2"
axis="0 1 0"/>{BALL}<frame pos="0 0 .05"><site name="tcp" pos=".01 .02 .1" euler="10 20 30"/>
</frame></body></frame></body></frame></frame></worldbody></mujoco>"""

GRIPPER = f"""<mujoco model="gripper"><worldbody><body name="box" pos="1 0 0"><freejoint name="f"/>
<geom size=".1"/></body><body name="base"><body name="a"><joint name="j1" axis="0 0 1"/>{BALL}
<body name="b" pos="0 0 .3"><joint name="j2" axis="0 1 0"/>{BALL}<body name="hand" pos="0 0 .1">
{BALL}<body name="left"><joint name="l" type="slide" axis="0 1 0" range=".01 .04"/>{BALL}</body>
<body name="right"><joint name="r" type="slide" axis="0 -1 0" range=".01 .04"/>{BALL}</body>
</body></body></body></body></worldbody>
<equality><joint joint1="l" joint2="r"/></equality></mujoco>"""

TWO_ARMS = f"""<mujoco model="two"><worldbody><body name="torso" pos="0 0 1"><joint name="lift"
type="slide" range="0.1 0.4"/>{BALL}<body name="left1" pos="0 .3 0" euler="-90 0 0"><joint
name="l1" axis="0 0 1"/>{BALL}<body name="left2" pos="0 0 .3"><joint name="l2" axis="0 1 0"/>{BALL}
</body></body><body name="right1" pos="0 -.3 0" euler="90 0 0"><joint name="r1" axis="0 0 1"/>{BALL}
<body name="right2" pos="0 0 .3"><joint name="r2" axis="0 1 0"/>{BALL}<site name="right tool"
pos="0 0 .1"/></body></body></body></worldbody></mujoco>"""

FLOATING = f"""<mujoco model="floating"><worldbody><body name="trunk" pos="0 0 1"><freejoint
name="root"/>{BALL}<body name="a" euler="0 90 0"><joint name="j1" axis="0 0 1"/>{BALL}
<body name="b" pos="0 0 .3"><joint name="j2" axis="0 1 0"/>{BALL}<body name="tail" pos="0 0 .1">
<joint name="ball" type="ball"/>{BALL}</body></body></body></body></worldbody></mujoco>"""

UNNAMED = f"""<mujoco><worldbody><body><joint axis="0 0 1"/>{BALL}<body pos="0 0 .3"><joint
axis="0 1 0"/>{BALL}</body></body></worldbody></mujoco>"""
