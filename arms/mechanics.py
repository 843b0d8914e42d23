"""The part of an ``Arm`` beyond a control law's terms: whole-arm quantities and derivatives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from arms.base_parameters import BaseParameters, base_parameters
from arms.compiled import Compiled
from arms.errors import ArmError
from arms.model.values import whole

if TYPE_CHECKING:
    from jaxtyping import Float

    Joints = Float[ndarray, "*batch n"]
    Square = Float[ndarray, "*batch n n"]

Wrenches = Mapping[str, ArrayLike]
_FEW = 100  # numbers


class InverseDynamicsGradient(NamedTuple):
    """Derivatives of ``inverse_dynamics``: entry [i, j] is that of torque i by entry j."""

    q: Square  # [N m/rad]
    dq: Square  # [N m s/rad]
    ddq: Square  # [kg m^2]: M


class ForwardDynamicsGradient(NamedTuple):
    """Derivatives of ``forward_dynamics``: entry [i, j] is that of acceleration i by entry j."""

    q: Square  # [1/s^2]
    dq: Square  # [1/s]
    tau: Square  # [1/(kg m^2)]: M^-1


class Mechanics(Compiled):
    """Energies, centre of mass, M^-1, external forces and derivatives of the dynamics."""

    def mass_matrix_dot(self, q: ArrayLike, dq: ArrayLike) -> Square:
        """Time derivative of M at joint velocities ``dq``: ``C + C^T`` [kg m^2/s].

        It is linear in dq, so it is the derivative of M along any direction in place of ``dq``;
        ``mass_matrix_dot(q, np.eye(n))`` is that by every joint, joints first: (n, n, n).
        """
        return self._term("dM", q, dq)

    def inverse_mass_matrix(self, q: ArrayLike) -> Square:
        """M(q)^-1 [1/(kg m^2)], symmetric, from the factors of ``M = L D L^T``.

        ``ArmError`` if M is singular, as for ``forward_dynamics``.
        """
        return self._finite("M^-1", self._term("Minv", q))

    def centre_of_mass(self, q: ArrayLike) -> Float[ndarray, "*batch 3"]:
        """Position [m] of the common centre of mass of all moving links, in the base frame.

        Links that are fixed to the base do not count. ``ArmError`` if no moving link has a mass.
        """
        return self._term("com", q)

    def centre_of_mass_jacobian(self, q: ArrayLike) -> Float[ndarray, "*batch 3 n"]:
        """Derivative of ``centre_of_mass`` by q [m/rad]; times dq it is the centre's velocity."""
        return self._term("Jcom", q)

    def kinetic_energy(self, q: ArrayLike, dq: ArrayLike) -> Float[ndarray, "*batch"]:
        """``dq^T M dq / 2`` [J], that of the rotors included."""
        return self._term("T", q, dq)[()]

    def potential_energy(self, q: ArrayLike) -> Float[ndarray, "*batch"]:
        """Energy [J] of the moving links' weight; 0 if their centre of mass is at the base.

        ``gravity`` is its derivative by q.
        """
        return self._term("V", q)[()]

    def external_torque(self, q: ArrayLike, wrenches: Wrenches, *, axes: str = "base") -> Joints:
        """The torque [N m] that forces on the arm's frames exert on its joints: ``sum J^T f``.

        Args:
            q: Joint positions.
            wrenches: By frame: force [N] and moment [N m], ``(*batch, 6)``, that the outside exerts
                on it, about the frame's origin.
            axes: Those of the wrenches: "base", "local" (the frame's own), or "spatial", for base
                axes and moments about the base's origin.

        Raises:
            ArmError: There is no such frame or axes, or a wrench has not six finite numbers.
        """
        return self._external(wrenches, axes, q=q)

    def inverse_dynamics_gradient(
        self,
        q: ArrayLike,
        dq: ArrayLike,
        ddq: ArrayLike,
        wrenches: Wrenches | None = None,
        *,
        axes: str = "base",
    ) -> InverseDynamicsGradient:
        """Derivatives of ``inverse_dynamics`` by q, dq and ddq, analytic and in one call.

        That by the links' inertial parameters is ``regressor``, that by armature and friction
        ``drive_regressor``. ``wrenches`` are constant in their ``axes``, as in
        ``external_torque``. (Carpentier and Mansard 2018; Singh, Russo and Wensing 2022.)
        """
        by_q, by_dq, M = self._fused(("tau_q", "tau_dq", "M"), q, dq, ddq)
        if wrenches is not None:
            by_q = by_q - self._external_gradient(wrenches, axes, q=q, dq=dq, ddq=ddq)
        return InverseDynamicsGradient(by_q, by_dq, M)

    def forward_dynamics_gradient(
        self,
        q: ArrayLike,
        dq: ArrayLike,
        tau: ArrayLike,
        wrenches: Wrenches | None = None,
        *,
        axes: str = "base",
    ) -> ForwardDynamicsGradient:
        """Derivatives of ``forward_dynamics`` by q, dq and tau; M^-1 is the last.

        ``wrenches`` as in ``inverse_dynamics_gradient``. That by the inertial parameters is
        ``forward_dynamics_regressor``. ``ArmError`` if M is singular.
        """
        if wrenches is not None:
            tau = self.checked("tau", tau) + self._external(wrenches, axes, q=q, dq=dq, tau=tau)
        by_q, by_dq, inverse = self._fused(("ddq_q", "ddq_dq", "Minv"), q, dq, tau)
        if wrenches is not None:
            by_q = by_q + inverse @ self._external_gradient(wrenches, axes, q=q)
        self._finite("forward dynamics", inverse)
        return ForwardDynamicsGradient(by_q, by_dq, inverse)

    def forward_dynamics_regressor(
        self, q: ArrayLike, dq: ArrayLike, tau: ArrayLike
    ) -> Float[ndarray, "*batch n p"]:
        """Derivative of ``forward_dynamics`` by ``inertial_parameters``: ``-M^-1 Y(q, dq, ddq)``.

        That by ``drive_parameters`` is ``-inverse_mass_matrix(q) @ drive_regressor(dq, ddq)``, with
        the ddq of ``forward_dynamics``. ``ArmError`` if M is singular.
        """
        return self._finite("forward dynamics", self._term("ddq_theta", q, dq, tau))

    def base_parameters(self, seed: int = 0) -> BaseParameters:
        """The combinations of ``inertial_parameters`` that the torque depends on (Gautier 1991).

        Only they can be identified from motions: a regressor of all parameters is singular. Found
        from the regressor at random states, drawn with ``seed``, under the arm's gravity.
        """
        rng = np.random.default_rng(whole("seed", seed, low=0))
        p = len(self.parameter_names)
        count = 4 * p // self.dof + 10
        q = rng.uniform(-np.pi, np.pi, (count, self.dof))
        dq, ddq = rng.normal(scale=3.0, size=(2, count, self.dof))
        Y = self._term("Y", q, dq, 3.0 * ddq)
        return base_parameters(Y.reshape(count * self.dof, p), self.parameter_names)

    def _external(self, wrenches: Wrenches, axes: str, **state: ArrayLike) -> Joints:
        """``external_torque`` at ``state``, of which q is one; leading axes of all are checked."""
        f = self._stacked(wrenches, **state)
        if not wrenches:
            return np.zeros((*f.shape[:-2], self.dof))
        J = self._term("J", state["q"], None, None, [*wrenches], axes)
        return np.einsum("...kri,...kr->...i", J, f)

    def _external_gradient(self, wrenches: Wrenches, axes: str, **state: ArrayLike) -> Square:
        """Derivative of ``external_torque`` by q, for wrenches constant in their axes."""
        total = np.zeros((self.dof, self.dof))
        for frame, f in zip(
            wrenches, np.moveaxis(self._stacked(wrenches, **state), -2, 0), strict=True
        ):
            H = self._term("dJdq", state["q"], None, None, frame, axes)
            total = total + np.einsum("...rij,...r->...ij", H, f)
        return total

    def _stacked(self, wrenches: Wrenches, **state: ArrayLike) -> Float[ndarray, "*batch k 6"]:
        """The wrenches on an axis before the last, for all states of the batch."""
        if not isinstance(wrenches, Mapping):
            raise ArmError(
                f"wrenches: are {wrenches!r:.60}, need force and moment by frame, {{'tool': f}}"
            )
        vectors = [self._vector(name, x, self.dof) for name, x in state.items()]
        each = [self._vector(f"wrench on {frame!r}", f, 6) for frame, f in wrenches.items()]
        lead = self._leading_axes([*vectors, *each])
        f = [np.broadcast_to(x, (*lead, 6)) for x in each]
        return np.stack(f, axis=-2) if f else np.empty((*lead, 0, 6))

    def _finite(self, what: str, value: ndarray) -> ndarray:
        """``value``, or an error where M is singular."""
        # A sum of few numbers takes a fifth of the time of `np.isfinite`; finite only if all are.
        total = sum(value.ravel().tolist()) if value.size <= _FEW else math.inf
        if not math.isfinite(total) and not np.isfinite(value).all():
            raise ArmError(
                f"Arm {self.name!r}: {what} are not finite: M is singular at this q, or dq or tau "
                "is too large"
            )
        return value
