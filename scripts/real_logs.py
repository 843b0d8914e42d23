"""What the logs of two robots show: replay, identification, payload.

    NENGO_FORCECTL_LOGS=FOLDER python scripts/real_logs.py [SECTION ...]

FOLDER has ``ur10e/`` (Mamedov et al. 2020, doi:10.3389/frobt.2020.571574) and ``panda/`` (Gaz et
al. 2019, doi:10.1109/LRA.2019.2931248) as their authors publish them. They are not part of this
package.
Torque errors are |tau - prediction| / |tau| in %, joint by joint.

- replay: one causal pass over `14harm50sec`; what was learned there, frozen, on three logs; then
  the same learner over the log with a load of 2.805 kg that nobody told it of;
- carried: the same for an arm that was identified from `14harm50sec` before;
- identify: from one log, and from all logs without a load;
- rest: what is left of `ptp_10_points` if friction is any odd function of a joint's velocity;
- payload: from 4 s and from all of the log with the load;
- panda: replay of the first 70 %, and identification;
- positions: the same of both robots without the measured velocities.
"""

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import arms
from arms import Arm
from nengo_forcectl.logs import (
    LogFormat,
    MotionLog,
    find_payload,
    identify,
    log_learner,
    observe,
    predict_torque,
    read_log,
    replay,
    signals_of,
)

FORMAT = LogFormat(
    {"time": "1", "q": "2-7", "dq": "8-13", "current": "14-19"},
    gains=(14.87, 13.26, 11.13, 10.62, 11.03, 11.47),
)
LOGS = {
    "14harm50sec": ("ur-20_02_19_14harm50sec.csv", 300, 5000),
    "15harm50sec": ("ur-20_02_19_15harm50sec.csv", 300, 5000),
    "ptp_10_points": ("ur-20_01_17-ptp_10_points.csv", 700, 4200),
    "14harm50secLoad": ("ur-20_02_19_14harm50secLoad.csv", 300, 5000),
}
SECTIONS = ("replay", "carried", "identify", "rest", "payload", "panda", "positions")
PACES = (0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3)  # [rad/s]
GAIN_ERROR = 0.05  # standard deviation of the UR10e's drive gains, as a share of them
CONSOLE = Console()


def folder() -> Path:
    """Return the folder of the logs, or end with a word."""
    place = os.environ.get("NENGO_FORCECTL_LOGS", "")
    if not (place and Path(place).is_dir()):
        print("skipped: NENGO_FORCECTL_LOGS names no folder with logs of robots")
        sys.exit(0)
    return Path(place)


def ur10e(name: str, arm: Arm) -> MotionLog:
    """Return one of the UR10e's logs."""
    file, first, stop = LOGS[name]
    return read_log(folder() / "ur10e" / file, FORMAT, arm).rows(first, stop)


def panda() -> MotionLog:
    """Return the Panda's log: its files have one number a line."""
    place = folder() / "panda"
    names = {"time": "time", "q": "positions", "dq": "velocity", "tau": "torques"}
    arrays = {kind: np.loadtxt(place / f"exciting_traj_{name}.txt") for kind, name in names.items()}
    rows = {kind: each if kind == "time" else each.reshape(-1, 7) for kind, each in arrays.items()}
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "panda.npz"
        np.savez(file, **rows)  # pyright: ignore[reportArgumentType]
        return read_log(file, arm=arms.load("panda"))


def error(log: MotionLog, prediction: np.ndarray) -> np.ndarray:
    """Return the torque error of each joint."""
    tau = signals_of(log).tau
    return np.linalg.norm(tau - prediction, axis=0) / np.linalg.norm(tau, axis=0)


def show(title: str, rows: dict[str, np.ndarray]) -> None:
    """Print a table of errors in %."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for j in range(len(next(iter(rows.values())))):
        table.add_column(str(j + 1), justify="right")
    for name, values in rows.items():
        table.add_row(name, *(f"{100 * value:.1f}" for value in values))
    CONSOLE.print(table)


def replay_ur10e(arm: Arm, title: str) -> None:
    """One pass without a load, frozen on others, then one with a load."""
    logs = {name: ur10e(name, arm) for name in LOGS}
    first, loaded = logs["14harm50sec"], logs["14harm50secLoad"]
    replay(first, log_learner(arm, first))  # compiles
    learner = log_learner(arm, first)
    began = time.perf_counter()
    result = replay(first, learner)
    each = 1e6 * (time.perf_counter() - began) / len(first.time)
    weights = result.weights[-1][1]
    rows = {"model": result.error("model"), "observer": error(first, observe(first, arm))}
    rows |= {name: result.error(name) for name in ("learner", "learner + observer")}
    for name, log in logs.items():
        states = signals_of(log)
        frozen = predict_torque(arm, learner.learner.encoding, weights, states)
        rows[f"frozen, {name}"] = error(log, frozen)
    plain = log_learner(arm, first, neurons=False)
    silent = replay(first, plain).weights[-1][1]
    for name, log in logs.items():
        frozen = predict_torque(arm, plain.learner.encoding, silent, signals_of(log))
        rows[f"no neurons, {name}"] = error(log, frozen)
    before = result.learned.payload
    second = replay(loaded, learner, new_load=True, gain_error=GAIN_ERROR)
    half = 0.5 * (loaded.time[-1] - loaded.time[0])
    spans = {"0 to 2 s": (0.0, 2.0), "2 to 5 s": (2.0, 5.0), "5 to 10 s": (5.0, 10.0)}
    spans["second half"] = (half, np.inf)
    other = log_learner(arm, first)
    replay(first, other)
    noticed = replay(loaded, other)
    for name, span in spans.items():
        for kind in ("before", "learner"):
            rows[f"load, {kind}, {name}"] = second.error(kind, *span)
        rows[f"load, not announced, {name}"] = noticed.error("learner", *span)
    show(f"{title} ({each:.0f} us a row)", rows)
    shares = ", ".join(f"{share:.2f}" for share in weights["presliding"])
    CONSOLE.print(f"shares of presliding: {shares}")
    after, early = second.learned.payload, second.weights_at(5.0)["payload"][0, 0]
    CONSOLE.print(
        f"payload: {before.mass:.3f} kg before, {early:.3f} after 5 s, {after.mass:.3f} +- "
        f"{after.mass_deviation:.3f} at the end (2.805 kg in truth); changes found: "
        f"{second.learned.changes}"
    )


def identify_ur10e(arm: Arm) -> None:
    """From one log, and from all three."""
    logs = {name: ur10e(name, arm) for name in LOGS}
    empty = [logs[name] for name in ("14harm50sec", "15harm50sec", "ptp_10_points")]
    for title, own in (("from 14harm50sec", empty[:1]), ("from all without a load", empty)):
        found = identify(own, arm)
        rows = {"model": found.error_model, "unseen blocks": found.error_unseen}
        rows |= {name: error(log, found.predict(signals_of(log))) for name, log in logs.items()}
        show(f"identify, {title}", rows)


def rest_ur10e(arm: Arm) -> None:
    """Fit functions of a joint's velocity to what links, rotors and offsets leave of its torque."""
    first, last = ur10e("14harm50sec", arm), ur10e("ptp_10_points", arm)
    found = identify([first], arm)
    values = found.values.copy()
    values[-3 * arm.dof : -arm.dof] = 0.0  # friction
    body, states = replace(found, values=values), signals_of(last)
    rows = {"identified": error(last, found.predict(states))}
    for name, source in (("14harm50sec", first), ("ptp_10_points", last)):
        own, prediction = signals_of(source), body.predict(states)
        left = own.tau - body.predict(own)
        for j in range(arm.dof):
            weights = np.linalg.lstsq(curves(own.dq[:, j]), left[:, j], rcond=1e-8)[0]
            prediction[:, j] += curves(states.dq[:, j]) @ weights
        rows[f"f(dq) fitted to {name}"] = error(last, prediction)
    show("ptp_10_points", rows)


def curves(dq: np.ndarray) -> np.ndarray:
    """Return odd functions of a joint's velocity."""
    return np.column_stack([np.tanh(dq / pace) for pace in PACES] + [dq, dq * np.abs(dq)])


def payload_ur10e(arm: Arm) -> None:
    """From four seconds, from all."""
    empty, loaded = ur10e("14harm50sec", arm), ur10e("14harm50secLoad", arm)
    for title, log in (("4 s", loaded.rows(100, 500)), ("all", loaded)):
        found = find_payload(empty, log, arm, gain_error=GAIN_ERROR)
        CONSOLE.print(
            f"payload from {title}: {found.mass:.3f} +- {found.mass_deviation:.3f} kg at "
            f"{found.com.round(3)} +- {found.com_deviation.round(3)} m (2.805 kg in truth)"
        )


def replay_panda(arm: Arm) -> None:
    """The first 70 % learned, the rest predicted."""
    log = panda()
    k = round(0.7 * len(log.time))
    kinds: dict[str, np.ndarray] = {}
    for name, neurons in (("learner, frozen", True), ("the same without neurons", False)):
        learner = log_learner(arm, log, neurons=neurons)
        replay(log.rows(0, k), learner)
        rest = replay(log.rows(k), learner, learn=False)
        kinds |= {"model": rest.predictions["model"], name: rest.predictions["frozen"]}
    whole = identify([log.rows(0, k)], arm)
    states = signals_of(log.rows(k))
    kinds["identified"] = whole.predict(states)
    show("Panda, the last 30 %", {name: error(log.rows(k), each) for name, each in kinds.items()})
    variance = states.tau.var(axis=0)
    for name, each in kinds.items():
        nmse = np.mean(np.mean((each - states.tau) ** 2, axis=0) / variance)
        CONSOLE.print(f"mean nMSE of {name}: {nmse:.4f}")


def positions() -> None:
    """Learn and identify without dq."""
    arm, robot = arms.load("ur10e"), arms.load("panda")
    names = ("14harm50sec", "15harm50sec", "ptp_10_points")
    whole, k = replace(panda(), dq=None), round(0.7 * len(panda().time))
    parts = {"the first 70 %": whole.rows(0, k), "the last 30 %": whole.rows(k)}
    logs = {name: replace(ur10e(name, arm), dq=None) for name in names}
    for title, own, model in (("UR10e", logs, arm), ("Panda", parts, robot)):
        first = next(iter(own.values()))
        learner = log_learner(model, first)
        result = replay(first, learner)
        found, rows = identify([first], model), {"learner": result.error("learner")}
        for name, log in own.items():
            states = signals_of(log)
            weights = result.weights[-1][1]
            frozen = predict_torque(model, learner.learner.encoding, weights, states)
            rows[f"frozen, {name}"] = error(log, frozen)
            rows[f"identified, {name}"] = error(log, found.predict(states))
        show(f"{title}, without dq", rows)


def main() -> None:
    """Run the sections asked for, or all."""
    folder()
    arm = arms.load("ur10e")
    for section in sys.argv[1:] or SECTIONS:
        if section == "replay":
            replay_ur10e(arm, "UR10e, the model of the catalogue")
        elif section == "carried":
            found = identify([ur10e("14harm50sec", arm)], arm)
            replay_ur10e(found.arm, "UR10e, identified from 14harm50sec before")
        elif section == "identify":
            identify_ur10e(arm)
        elif section == "rest":
            rest_ur10e(arm)
        elif section == "payload":
            payload_ur10e(arm)
        elif section == "panda":
            replay_panda(arms.load("panda"))
        elif section == "positions":
            positions()
        else:
            sys.exit(f"section: is {section!r}, needs some of {', '.join(SECTIONS)}")


if __name__ == "__main__":
    main()
