"""The learning laws in NumPy, by their equations: what the compiled ones are held against."""

import numpy as np

from nengo_forcectl.contract import Adaptation


class PlainConsolidation:
    """`Consolidation`, all the work of a period in one cycle."""

    def __init__(self, law, W, dt):
        features, p = law.basis.shape
        self.law, self.W, self.dt, self.n = law, W, dt, len(W)
        self.every, self.period, self.latency = law.cycles(dt, self.n)
        self.k, self.due, self.next = 0, -1, W
        self.filtered, self.last = np.zeros(features), None
        self.z, self.y, self.keep = np.zeros(p), np.zeros(self.n), 1.0
        self.information, self.moment = np.zeros((p, p)), np.zeros((p, self.n))

    def step(self, phi, y, e):
        """Return what F loses by new weights, if there are some; W changes."""
        law = self.law
        if self.last is not None:
            share = 1 - np.exp(-law.gain * self.dt)
            self.filtered = self.filtered + share * ((self.last + phi) / 2 - self.filtered)
        self.last = phi
        if self.k % self.every == 0:
            self.information = self.keep * self.information + np.outer(self.z, self.z)
            self.moment = self.keep * self.moment + np.outer(self.z, self.y)
            self.z, self.y = law.basis.T @ self.filtered, y
            u = min(e @ e / law.surprise**2, 1.0)
            self.keep = np.exp(-self.every * self.dt * ((1 - u) / law.memory + u / law.reset))
        bump = np.zeros(self.n)
        if self.k == self.due:
            bump = (self.W - self.next) @ phi
            self.W = self.next
        if (self.k + 1) % self.period == 0:
            A = self.information + law.noise**2 * np.eye(len(self.z))
            self.next = np.linalg.solve(A, self.moment).T @ law.basis.T
            self.due = self.k + self.latency
        self.k += 1
        return bump


class PlainAdaptation(Adaptation):
    """`ConsolidatingAdaptation`: its observer, its filter of F, its offset."""

    def __init__(self, arm, network, encoding, law, dt):
        self.network, self.encoding, self.dt, self.learning = network, encoding, dt, True
        self.tau_max, n = arm.tau_max, arm.dof
        self.law = PlainConsolidation(law, np.concatenate([*network.read().values()], axis=1), dt)
        self.decay = np.exp(-law.gain * dt)
        self.r, self.F_f, self.offset, self.sent = np.zeros((4, n))
        self.last = None  # p, b and F of the cycle before

    def learn(self, on):
        self.learning = on

    def torque(self, terms, state, reference, command):
        velocity = state.dq if self.encoding.measured else command.dq_r
        v = self.encoding.input(state.q, velocity, command.ddq_r)
        F, J_w = self.network.observe(v)
        if not (self.learning and state.sound):
            self.last = self.law.last = None
            fast = -self.r - self.F_f + self.offset if self.learning else 0.0
            self.offset = self.offset * (self.decay if self.learning else 1.0)
            return self.send(command, F + fast)
        self.balance(terms, state, F)
        missing = -self.r - self.F_f
        tau = self.send(command, F + missing + self.offset)
        phi = np.concatenate([J[0, 0] for J in J_w.values()])
        bump = self.law.step(phi, -self.r, missing)
        self.offset = self.decay * self.offset + (1 + self.decay) / 2 * bump
        if bump.any():
            w = self.network.read()
            split = next(iter(w.values())).shape[1]
            parts = np.split(self.law.W, [split], axis=1)
            self.network.write(dict(zip(w, parts, strict=True)))
        return tau

    def balance(self, terms, state, F):
        """Bring r and F_f to this cycle."""
        p, b = terms.M @ state.dq, terms.C.T @ state.dq - terms.g
        if self.last is not None:
            p_last, b_last, F_last = self.last
            push = 0.0 if state.wrench is None else terms.J.T @ state.wrench
            mean = (p - p_last) / self.dt - self.sent - push - (b + b_last) / 2
            self.r = self.r + (1 - self.decay) * (mean - self.r)
            self.F_f = self.F_f + (1 - self.decay) * ((F + F_last) / 2 - self.F_f)
        self.last = p, b, F

    def send(self, command, added):
        self.sent = np.clip(command.tau + added, -self.tau_max, self.tau_max)
        return added


class PlainGradient:
    """`Gradient`, with its leak alone, on the decoders of one layer."""

    def __init__(self, E, bias, D, law, dt):
        self.E, self.bias, self.D, self.law, self.dt = E, bias, D.copy(), law, dt

    def forward(self, x):
        return self.D @ np.maximum(self.E @ x + self.bias, 0)

    def step(self, x, signal):
        F, a = self.forward(x), np.maximum(self.E @ x + self.bias, 0)
        change = self.law.gamma * np.outer(signal.error, a) - self.law.sigma * self.D
        self.D = self.D + self.dt * change
        return F
