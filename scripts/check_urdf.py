"""Every URDF below some folders, loaded without a tip and compared with Pinocchio.

    python scripts/check_urdf.py FOLDER ...

Each file must load, or be refused with a ``UrdfError``; a file in which one end can be meant must
not be refused for want of a tip. Pinocchio reads the file itself, with what our arm does not move
at rest. The differences of pose, J, dJ, M, C dq, g, inverse and forward dynamics are relative to
the largest entry (or to 1, if that is smaller). Of several ends the first is compared, by its name.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
import sys
import warnings
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio as pin

import arms

STATES, BOUND = 5, 1e-9
MOVES = ("revolute", "continuous", "prismatic")


def deepest_ends(file: Path) -> list[str]:
    """Links without children that most joints move, read apart from `arms`; [] for no tree.

    A planar or floating joint moves nothing: no arm has one.
    """
    try:
        root = ElementTree.parse(file).getroot()
        above = {j.find("child").get("link"): j for j in root.findall("joint")}  # type: ignore[union-attr]
        parents = {j.find("parent").get("link") for j in above.values()}  # type: ignore[union-attr]
    except (ElementTree.ParseError, AttributeError):
        return []

    def depth(link: str) -> int:
        joint, count = above.get(link), 0
        for _ in above:
            if joint is None:
                break
            count += joint.get("type") in MOVES
            joint = above.get(joint.find("parent").get("link"))  # type: ignore[union-attr]
        return count

    depths = {link: depth(link) for link in above if link not in parents}
    return [link for link in depths if depths[link] == max(depths.values())]


def reference(arm: arms.Arm, file: Path) -> tuple[pin.Model, list[int]] | None:
    """Pinocchio's model of the same file, with the arm's joints alone, in the arm's order.

    None if Pinocchio does not read the file, or a joint mimics another one.
    """
    if any(joint.mimic is not None for joint in arm.chain.joints):
        return None
    try:
        model = pin.buildModelFromUrdf(str(file))
    except (ValueError, RuntimeError):
        return None
    rest = pin.neutral(model)
    for index in range(1, model.njoints):
        joint = model.joints[index]
        if joint.nq == 1:
            low = model.lowerPositionLimit[joint.idx_q]
            rest[joint.idx_q] = min(max(0.0, low), model.upperPositionLimit[joint.idx_q])
    for joint in ElementTree.parse(file).getroot().findall("joint") if _is_plain(file) else ():
        mimic, name = joint.find("mimic"), joint.get("name", "")
        if mimic is not None and model.existJointName(name):
            leader, follower = (
                model.joints[model.getJointId(k)] for k in (mimic.get("joint"), name)
            )
            factor, offset = (float(mimic.get(k, d)) for k, d in (("multiplier", 1), ("offset", 0)))
            rest[follower.idx_q] = factor * rest[leader.idx_q] + offset
    others = [k for k, name in enumerate(model.names) if k and name not in arm.joint_names]
    try:
        model = pin.buildReducedModel(model, others, rest)
    except ValueError:  # a link and a joint of one name
        return None
    order = [model.joints[model.getJointId(name)].idx_v for name in arm.joint_names]
    return model, order


def difference(arm: arms.Arm, model: pin.Model, order: list[int]) -> float:
    """Largest relative difference of any term at random states."""
    rng, data, worst = np.random.default_rng(0), model.createData(), 0.0
    base = pin.SE3(np.eye(4))
    axes, tip = pin.LOCAL_WORLD_ALIGNED, model.getFrameId(arm.chain.tip)
    low, high = np.maximum(arm.q_lower, -np.pi), np.minimum(arm.q_upper, np.pi)
    for _ in range(STATES):
        q, dq, ddq = rng.uniform(low, high), rng.normal(size=arm.dof), rng.normal(size=arm.dof)
        v, a = np.zeros(model.nv), np.zeros(model.nv)
        v[order], a[order] = dq, ddq
        turned = np.zeros(model.nv)
        turned[order] = q
        at = pin.integrate(model, pin.neutral(model), turned)
        pin.computeAllTerms(model, data, at, v)
        pin.computeJointJacobiansTimeVariation(model, data, at, v)
        pin.updateFramePlacements(model, data)
        base = data.oMf[model.getFrameId(arm.chain.base)]
        turn = np.kron(np.eye(2), base.rotation.T)
        J = pin.getFrameJacobian(model, data, tip, axes).reshape(6, -1)
        dJ = pin.getFrameJacobianTimeVariation(model, data, tip, axes).reshape(6, -1)
        M = np.triu(data.M) + np.triu(data.M, 1).T
        g = pin.computeGeneralizedGravity(model, data, at).copy()
        ours = arm.terms(q, dq)
        pairs = [
            (ours.pose, (base.inverse() * data.oMf[tip]).homogeneous),
            (ours.J, (turn @ J)[:, order]),
            (ours.dJ, (turn @ dJ)[:, order]),
            (ours.M, M[np.ix_(order, order)]),
            (ours.C @ dq, (data.nle - g)[order]),
            (ours.g, g[order]),
            (arm.inverse_dynamics(q, dq, ddq), pin.rnea(model, data, at, v, a)[order]),
        ]
        if np.linalg.cond(M) < 1e6:
            there = pin.aba(model, data, at, v, a)[order]
            pairs.append((arm.forward_dynamics(q, dq, ddq), there))
        for mine, theirs in pairs:
            worst = max(worst, float(np.abs(mine - theirs).max() / max(1, np.abs(theirs).max())))
    return worst


def outcome(file: Path) -> tuple[str, str]:
    """What became of a file, and the details."""
    ends = deepest_ends(file)
    several = len(ends) > 1
    try:
        arm = arms.load(file, tip=ends[0] if several else None, snap=False)
    except arms.UrdfError as error:
        text = str(error)
        if "name the tip" in text and len(ends) == 1:
            return "WRONG: refused, though one end can be meant", text
        reason = re.sub(r"'[^']*'", "...", text.partition(": ")[2])
        return f"refused: {re.sub(r'[0-9]+', '#', reason)[:60]}", text
    if several:
        several = _is_refused(file)
    elif ends and ends[0] not in (arm.chain.tip, "tool"):
        return "WRONG: another end", f"{arm.chain.tip}, not {ends}"
    found = reference(arm, file)
    if found is None:
        return "loaded; Pinocchio does not read it, or joints mimic", ""
    error = difference(arm, *found)
    kind = "loaded, as Pinocchio's" if error < BOUND else "WRONG: loaded, not as Pinocchio's"
    kind += ", one of several ends" if several else ""
    return kind, f"{arm.dof} joints to {arm.chain.tip}: {error:.1e}"


def _is_plain(file: Path) -> bool:
    """Does the standard parser read the file?"""
    try:
        ElementTree.parse(file)
    except ElementTree.ParseError:
        return False
    return True


def _is_refused(file: Path) -> bool:
    """Is the file refused without a tip?"""
    try:
        arms.load(file)
    except arms.UrdfError:
        return True
    return False


def main() -> int:
    """Print each file's outcome and their counts; return 1 if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--quiet", action="store_true", help="print counts alone")
    options = parser.parse_args()
    logging.getLogger("arms").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    seen: set[bytes] = set()
    for file in sorted(each for folder in options.folders for each in folder.rglob("*.urdf")):
        digest = hashlib.sha256(file.read_bytes()).digest()
        if digest in seen:
            continue
        seen.add(digest)
        what, details = outcome(file)
        counts[what] += 1
        if not options.quiet or what.startswith("WRONG"):
            print(f"{'/'.join(file.parts[-3:])}: {what} {details[:200]}", flush=True)
    for what, count in counts.most_common():
        print(f"{count:6}  {what}")
    return any(what.startswith("WRONG") for what in counts)


if __name__ == "__main__":
    sys.exit(main())
