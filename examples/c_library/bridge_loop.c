/* A control loop in C at 1 kHz: a robot at the other end of the bridge, and a controller exported by
 *
 *     nengo-forcectl export runs/reach-001 mine --c
 *     cc -O2 -I mine -o bridge_loop bridge_loop.c mine/x86_64/libmine.a -lm
 *     ./bridge_loop mine/mine.state PORT TOKEN SECONDS WAIT X Y Z DX DY DZ
 *
 * The tool goes from X Y Z to X+DX Y+DY Z+DZ [m] and back, again and again. WAIT is how long to wait
 * for a state in a cycle [s]; without one, the controller gets the last state again, and stops the
 * arm after three cycles. The message is laid out in nengo_forcectl/robots/message.py; this program
 * is for little-endian machines. */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "mine.h"

#define MOVE 1.2 /* duration of a reach [s] */
enum { HELLO, TORQUE, STATE, GOODBYE };

#pragma pack(push, 1)
struct message {
    char magic[4];
    uint8_t version, kind, n, flags;
    uint64_t token, sequence, answers;
    double time, q[16], dq[16], wrench[6], tau[16];
    uint32_t crc;
};
#pragma pack(pop)

static mine_controller controller;
static uint64_t block[MINE_BYTES / 8];
static int line;
static uint64_t token, sent;

static uint32_t crc32(const void *data, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    for (const uint8_t *byte = data; size--; byte++) {
        crc ^= *byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void transmit(int kind, double time, const double *tau) {
    struct message out = {.magic = "NFCB", .version = 1, .kind = kind, .n = MINE_JOINTS,
                          .token = token, .sequence = ++sent, .time = time};
    if (tau) memcpy(out.tau, tau, MINE_JOINTS * sizeof *tau);
    out.crc = crc32(&out, sizeof out - 4);
    send(line, &out, sizeof out, 0);
}

/* Wait for a state for some time [s]; return whether there is a new one. */
static int receive(mine_state *state, double wait) {
    static uint64_t last;
    struct timeval limit = {(time_t)wait, 1 + (long)(1e6 * (wait - floor(wait)))};
    setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    struct message in;
    while (recv(line, &in, sizeof in, MSG_TRUNC) == sizeof in) {
        if (memcmp(in.magic, "NFCB", 4) || in.kind != STATE || in.n != MINE_JOINTS ||
            in.token != token || in.sequence <= last || in.crc != crc32(&in, sizeof in - 4))
            continue;
        last = in.sequence;
        state->time = in.time;
        memcpy(state->q, in.q, sizeof state->q);
        memcpy(state->dq, in.dq, sizeof state->dq);
        memcpy(state->wrench, in.wrench, sizeof state->wrench);
        state->felt = in.flags & 1;
        return 1;
    }
    return 0;
}

/* A reach of minimum jerk from `from` by `by`, there and back. */
static void look_up(mine_reference *reference, double t, const double *from, const double *by) {
    int back = (long)(t / MOVE) % 2;
    double s = fmod(t, MOVE) / MOVE, way = s * s * s * (10 + s * (6 * s - 15));
    double speed = 30 * s * s * (1 - s) * (1 - s) / MOVE;
    double rise = 60 * s * (1 - s) * (1 - 2 * s) / (MOVE * MOVE);
    for (int i = 0; i < 3; i++) {
        reference->x[i] = from[i] + by[i] * (back ? 1 - way : way);
        reference->dx[i] = by[i] * (back ? -speed : speed);
        reference->ddx[i] = by[i] * (back ? -rise : rise);
    }
}

int main(int argc, char **argv) {
    if (argc != 12) return fputs("usage: see the first lines of bridge_loop.c\n", stderr), 2;
    FILE *file = fopen(argv[1], "rb");
    size_t size = file ? fread(block, 1, sizeof block, file) : 0;
    int error = mine_create(&controller, block, size);
    if (error) return fprintf(stderr, "%s: %s\n", argv[1], mine_error(error)), 2;
    token = strtoull(argv[3], NULL, 10);
    long cycles = (long)(atof(argv[4]) / MINE_PERIOD);
    double wait = atof(argv[5]), from[3], by[3];
    for (int i = 0; i < 3; i++) from[i] = atof(argv[6 + i]), by[i] = atof(argv[9 + i]);

    struct sockaddr_in robot = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    robot.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    line = socket(AF_INET, SOCK_DGRAM, 0);
    if (line < 0 || connect(line, (struct sockaddr *)&robot, sizeof robot))
        return perror("bridge_loop"), 1;
    mine_state state = {.sound = 1};
    mine_reference reference = {0};
    double tau[MINE_JOINTS];
    int met = 0, tries = 100;
    do transmit(HELLO, 0.0, NULL);
    while (!(met = receive(&state, 0.1)) && --tries);
    if (!met) return fputs("bridge_loop: no robot answers\n", stderr), 1;

    double start = state.time;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long cycle = 0; cycle < cycles; cycle++) {
        look_up(&reference, state.time - start, from, by);
        mine_step(&controller, &state, &reference, tau);
        transmit(TORQUE, state.time, tau);
        receive(&state, wait);
        next.tv_nsec += (long)(1e9 * MINE_PERIOD);
        if (next.tv_nsec >= 1000000000) next.tv_nsec -= 1000000000, next.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    transmit(GOODBYE, state.time, NULL);
    mine_counts counts;
    mine_count_events(&controller, &counts);
    printf("%s; stops %ld, gaps %ld\n", mine_reason(mine_stopped(&controller)), (long)counts.stop,
           (long)counts.gap);
    return mine_stopped(&controller);
}
