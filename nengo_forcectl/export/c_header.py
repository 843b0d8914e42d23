"""The C header of a controller's library, and its texts."""

from typing import NamedTuple


class Stop(NamedTuple):
    """A reason for a controlled stop; its code is its place in `REASONS`."""

    name: str  # in the header, after the library's own
    text: str


ERRORS = (
    "no error",
    "the memory is too small or not at a multiple of 8 bytes",
    "this is no state block",
    "the state block is of another version of nengo-forcectl; export the controller anew",
    "the state block is of another controller than this library",
    "the state block is damaged or cut off",
)
"""What `create` and `save` return, by code."""

ERROR_NAMES = (
    "OK", "NO_MEMORY", "NO_STATE_BLOCK", "OTHER_VERSION", "OTHER_CONTROLLER", "DAMAGED",
)  # fmt: skip

REASONS = (
    Stop("GO", "no stop"),
    Stop("STOP_STATE", "q or dq is not finite or not credible"),
    Stop("STOP_TIME", "the time of the state is not a finite number"),
    Stop("STOP_SILENT", "no new state for too many cycles"),
    Stop("STOP_NO_WRENCH", "a measured wrench is needed, and is missing or not finite"),
    Stop("STOP_REFERENCE_FORCE", "the wrench of the reference is beyond the limit of force"),
    Stop("STOP_NOT_FINITE", "an input or a torque is not finite"),
    Stop("STOP_OVERRULED", "limits changed the torque too often"),
    Stop("STOP_BOX", "the tool is out of its box"),
    Stop("STOP_SENSORS", "q and dq contradict each other"),
    Stop("STOP_WRENCH", "the wrench contradicts the torques"),
    Stop("STOP_FORCE", "the force at the tool is beyond its limit"),
    Stop("STOP_FROZEN", "the same state for too many cycles, although the arm moves"),
    Stop("STOP_ASKED", "stop was called"),
    Stop("STOP_TOUCH", "links are in touch, or one with an obstacle"),
)


class Facts(NamedTuple):
    """What a header says of its controller; numbers alone, no name from a file."""

    joints: int
    task: int  # numbers of a reference's x
    period: float  # [s]
    size: int  # of a controller and of a state block, in bytes
    tool: bool  # whether the law controls the tool, or the joints
    follows: bool  # whether it uses x, dx and ddx
    turns: bool  # whether it controls an orientation
    feels: bool  # whether it uses wrenches
    needs_wrench: bool  # whether it needs a measured one
    learns: bool  # whether it can learn
    version: str  # of the package


def header(name: str, facts: Facts) -> str:
    """Return the header of a library whose functions begin with ``name``."""
    upper = name.upper()
    words = {
        "name": name,
        "NAME": upper,
        "joints": facts.joints,
        "task": facts.task,
        "period": repr(facts.period),
        "size": facts.size,
        "words": facts.size // 8,
        "version": facts.version,
        "x": _unless(facts.follows, "tool position [m], base frame" if facts.tool else "q [rad]"),
        "dx": _unless(facts.follows, "its velocity [m/s]" if facts.tool else "dq [rad/s]"),
        "ddx": _unless(facts.follows, "and acceleration [m/s^2]" if facts.tool else "[rad/s^2]"),
        "R": _unless(facts.turns, "tool orientation by rows; its axes are the columns"),
        "omega": _unless(facts.turns, "angular velocity [rad/s]"),
        "domega": _unless(facts.turns, "angular acceleration [rad/s^2]"),
        "press": _unless(facts.feels, "force and moment to exert [N, N m]; 0: none"),
        "felt": (
            "needed: this law uses the wrench"
            if facts.needs_wrench
            else "optional for this controller"
        ),
        "learning": "" if facts.learns else "\n * This controller has nothing that learns.",
        "errors": _enum([f"{upper}_{each}" for each in ERROR_NAMES], ERRORS),
        "reasons": _enum(
            [f"{upper}_{each.name}" for each in REASONS], [each.text for each in REASONS]
        ),
    }
    return _HEADER.format_map(words)


def _unless(used: bool, text: str) -> str:
    return text if used else "unused by this law"


def _enum(names: list[str], texts: "tuple[str, ...] | list[str]") -> str:
    return "\n".join(
        f"    {name} = {k}, /* {text} */"
        for k, (name, text) in enumerate(zip(names, texts, strict=True))
    )


_HEADER = """\
/* {name}.h: a trained torque controller with its limits. Made by nengo-forcectl {version}.
 *
 * One call of {name}_step is one control cycle of {period} s:
 *
 *     static {name}_controller controller; // {size} bytes
 *     static uint64_t block[{NAME}_BYTES / 8]; // holds the file {name}.state
 * // read the file into block; size is the number of bytes read
 *     int error = {name}_create(&controller, block, size);
 *     if (error) puts({name}_error(error));
 * // in the control loop:
 *     {name}_step(&controller, &state, &reference, tau);
 *
 * No function allocates, locks, waits, writes a file or prints; each takes a bounded time. They
 * need the C library's mathematics alone: link with lib{name}.a -lm.
 *
 * Threads: a controller belongs to one thread at a time; calls for the same controller must not
 * overlap. Different controllers are independent: the library has no variables of its own.
 *
 * Pointers must not be null, and a controller must be created before any other call. Numbers are
 * double, in SI units: rad, rad/s, N m; m and N for a sliding joint. Joints are in the order of the
 * arm, from its base. All vectors are in the arm's base frame.
 */
#ifndef NENGO_FORCECTL_{NAME}_H
#define NENGO_FORCECTL_{NAME}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {NAME}_JOINTS {joints}
#define {NAME}_TASK {task} /* numbers of a reference's x */
#define {NAME}_PERIOD {period} /* of a control cycle [s] */
#define {NAME}_BYTES {size} /* of a controller, and of a state block */

/* A controller. Its content is private. Copy it only with {name}_save and {name}_create. */
typedef struct {{
    uint64_t words[{words}];
}} {name}_controller;

/* What the robot's sensors read at one instant. */
typedef struct {{
    double time; /* [s], by the robot's clock; see {name}_step */
    double q[{NAME}_JOINTS]; /* joint positions [rad] */
    double dq[{NAME}_JOINTS]; /* joint velocities [rad/s] */
    double wrench[6]; /* force and moment on the tool [N, N m]: {felt} */
    int64_t sound; /* 1: learn from this state; 0: do not */
    int64_t felt; /* 1: wrench is measured; 0: there is no sensor, it is not read */
}} {name}_state;

/* What the arm is to do at this instant. Set what is unused to 0. */
typedef struct {{
    double x[{NAME}_TASK]; /* {x} */
    double dx[{NAME}_TASK]; /* {dx} */
    double ddx[{NAME}_TASK]; /* {ddx} */
    double R[9]; /* {R} */
    double omega[3]; /* {omega} */
    double domega[3]; /* {domega} */
    double wrench[6]; /* {press} */
}} {name}_reference;

/* Cycles in which a limit changed the torque, by limit; then stops, and states off schedule. */
typedef struct {{
    int64_t position; /* a joint's range */
    int64_t velocity; /* a joint's top speed */
    int64_t torque; /* a motor's torque */
    int64_t rate; /* the change of a motor's torque in one cycle */
    int64_t workspace; /* the tool's box */
    int64_t force; /* the tool's push */
    int64_t clearance; /* the distance of links, from each other and from obstacles */
    int64_t stop; /* controlled stops: the arm brakes, and is then held */
    int64_t gap; /* states not one period after the last; they are not learned from */
}} {name}_counts;

/* What {name}_create and {name}_save return. */
enum {{
{errors}
}};

/* Reasons for a controlled stop: what {name}_step and {name}_stopped return. */
enum {{
{reasons}
}};

/* Modes of learning. */
enum {{
    {NAME}_FREEZE = 0, /* the weights stay, and add what they know */
    {NAME}_LEARN = 1, /* the weights change */
    {NAME}_HOLD = 2, /* the weights stay; the observer goes on, and takes up what they lack */
}};

/* Size of a controller in bytes; another number than {NAME}_BYTES: header and library differ. */
size_t {name}_size(void);

/* Create a controller from a state block of `size` bytes, at a multiple of 8 bytes: the content of
 * {name}.state, or what {name}_save wrote. To go back to a checkpoint, create again from it.
 *
 * If the first state then comes one period after the last one before the checkpoint, the controller
 * goes on with the same torques. Otherwise it begins a new motion with what it learned.
 *
 * Returns {NAME}_OK, or what is wrong; the controller is then unchanged. Not for the control loop:
 * it copies {size} bytes twice. */
int {name}_create({name}_controller *controller, const void *block, size_t size);

/* Write the controller's state block, {NAME}_BYTES bytes at a multiple of 8 bytes: all that is
 * learned and remembered, in the byte order of the machine, little-endian. Returns {NAME}_OK, or
 * {NAME}_NO_MEMORY if `size` is too small. Copies {size} bytes. */
int {name}_save(const {name}_controller *controller, void *block, size_t size);

/* Write the torques [N m] for this cycle to tau[{NAME}_JOINTS], then learn if learning is on.
 *
 * tau is within the arm's limits whatever the state is: send it. Returns {NAME}_GO, or the reason
 * of a controlled stop; tau then brakes the arm and holds it, until {name}_reset. Call it then,
 * too.
 *
 * Call it once a period with a new state. `time` tells how much has passed: a state that is not one
 * period after the last, within half a period, is acted on, counted as a gap, and not learned from.
 * A time that does not advance for some cycles causes a stop. */
int {name}_step({name}_controller *controller, const {name}_state *state,
                const {name}_reference *reference, double *tau);

/* Set the mode of learning: {NAME}_FREEZE, {NAME}_LEARN or {NAME}_HOLD.{learning} */
void {name}_learn({name}_controller *controller, int mode);

/* Come to a controlled stop, reason {NAME}_STOP_ASKED. */
void {name}_stop({name}_controller *controller);

/* End a controlled stop, or begin a new motion at any time of the robot's clock. What was learned
 * stays. */
void {name}_reset({name}_controller *controller);

/* The reason of the present stop, or {NAME}_GO. */
int {name}_stopped(const {name}_controller *controller);

/* Write the counts of events since the controller was first created. */
void {name}_count_events(const {name}_controller *controller, {name}_counts *counts);

/* Texts of an error and of a reason, in English. They are constants. */
const char *{name}_error(int error);
const char *{name}_reason(int reason);

#ifdef __cplusplus
}}
#endif
#endif
"""
