/* A robot process in C at the other end of the bridge: one rod of 2 kg and 0.5 m on a motor, which
 * is the arm "planar1", with friction that its model does not know.
 *
 *     cc -O2 -o pendulum_robot pendulum_robot.c -lm && ./pendulum_robot PORT TOKEN
 *
 * The message is laid out in nengo_forcectl/robots/message.py. This program is for little-endian machines.
 * It prints the port that it listens at on 127.0.0.1, and what it counted when it ends. */
#include <arpa/inet.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define JOINTS 16
enum { HELLO, TORQUE, STATE, GOODBYE };

#pragma pack(push, 1)
struct message {
    char magic[4];
    uint8_t version, kind, n, flags;
    uint64_t token, sequence, answers;
    double time, q[JOINTS], dq[JOINTS], wrench[6], tau[JOINTS];
    uint32_t crc;
};
#pragma pack(pop)
_Static_assert(sizeof(struct message) == 476, "the layout has 476 bytes");

static uint32_t crc32(const void *data, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    for (const uint8_t *byte = data; size--; byte++) {
        crc ^= *byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static const double dt = 1e-3, mass = 2.0, size = 0.5;
static double q = 0.3, dq = 0.0;

static double gravity(void) { return mass * 9.81 * size / 2.0 * cos(q); }

static double braking(void) { return gravity() - 5.0 * dq; } /* to rest, held against gravity */

static void step(double tau) {
    dq += dt * (tau - gravity() - 0.5 * dq) / (mass * size * size / 3.0);
    q += dt * dq;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: pendulum_robot PORT TOKEN\n"), 2;
    uint64_t token = strtoull(argv[2], NULL, 10), last = 0, sent = 0;
    long torques = 0, dropped = 0, missed = 0;
    int line = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))}, peer = {0};
    self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof self;
    if (line < 0 || bind(line, (struct sockaddr *)&self, length) ||
        getsockname(line, (struct sockaddr *)&self, &length))
        return perror("pendulum_robot"), 1;
    printf("%d\n", ntohs(self.sin_port));
    fflush(stdout);

    double time = 0.0, tau = 0.0;
    int connected = 0, silent = 0;
    for (;;) {
        struct message in;
        struct sockaddr_in from;
        length = sizeof from;
        /* Before a session wait for 10 s; in one, a torque late by half a period is in time. */
        struct timeval wait = {.tv_sec = connected ? 0 : 10, .tv_usec = connected ? 1500 : 0};
        setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        ssize_t got = recvfrom(line, &in, sizeof in, MSG_TRUNC, (struct sockaddr *)&from, &length);
        if (got < 0 && (!connected || ++silent > 2000)) break;
        if (got < 0) {
            missed++;
        } else if (got != sizeof in || memcmp(in.magic, "NFCB", 4) || in.version != 1 ||
                   in.crc != crc32(&in, sizeof in - 4) || in.token != token || in.n != 1 ||
                   in.sequence <= last || !isfinite(in.tau[0]) ||
                   (connected ? from.sin_port != peer.sin_port : in.kind != HELLO)) {
            dropped++;
            continue;
        } else {
            connected = 1;
            silent = 0;
            peer = from;
            last = in.sequence;
            if (in.kind == GOODBYE) break;
            if (in.kind == TORQUE) tau = fmin(fmax(in.tau[0], -60.0), 60.0), torques++;
        }
        if (silent >= 3) tau = braking();
        if (got < 0 || in.kind == TORQUE) {
            step(tau);
            time += dt;
        }
        struct message out = {.magic = "NFCB", .version = 1, .kind = STATE, .n = 1,
                              .token = token, .sequence = ++sent, .answers = last,
                              .time = time, .q = {q}, .dq = {dq}};
        out.crc = crc32(&out, sizeof out - 4);
        sendto(line, &out, sizeof out, 0, (struct sockaddr *)&peer, sizeof peer);
    }
    for (int k = 0; k < 500; k++) step(braking()); /* the last torque is not the last word */
    printf("torques %ld dropped %ld missed %ld speed %g\n", torques, dropped, missed, dq);
    return 0;
}
