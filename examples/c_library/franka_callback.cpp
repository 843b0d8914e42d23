// Skeleton: a controller exported by `nengo-forcectl export RUN mine --c` in libfranka's control loop.
//
// It was compiled against stubs of libfranka's names, and never run on a robot. Before the first
// motion, compare the torques of a held robot with `franka::Model::gravity`.
#include <franka/exception.h>
#include <franka/model.h>
#include <franka/robot.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "mine.h"

static_assert(MINE_JOINTS == 7, "a Franka arm has seven joints");

namespace {

mine_controller controller;  // large: not on the stack
std::uint64_t block[MINE_BYTES / 8];

// Read the state block; 0, or an error of the library.
int create(const char *path) {
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char *>(block), sizeof block);
    return mine_create(&controller, block, static_cast<std::size_t>(file.gcount()));
}

// Hold the tool where it is at the start; put a path of your own here.
mine_reference reference_at(double, const std::array<double, 3> &start) {
    mine_reference reference{};
    std::copy(start.begin(), start.end(), reference.x);
    return reference;
}

}  // namespace

int main(int count, char **words) {
    if (count != 3) {
        std::puts("usage: franka_callback HOST mine.state");
        return 2;
    }
    if (int error = create(words[2])) {
        std::puts(mine_error(error));
        return 2;
    }
    try {
        franka::Robot robot(words[1]);
        franka::Model model = robot.loadModel();
        const auto O_T_EE = robot.readOnce().O_T_EE;  // column by column
        // x is the tool of the exported arm: make it the end effector that Desk is set to.
        const std::array<double, 3> start{O_T_EE[12], O_T_EE[13], O_T_EE[14]};
        robot.control([&](const franka::RobotState &now, franka::Duration) -> franka::Torques {
            mine_state state{};
            state.time = now.time.toSec();
            std::copy(now.q.begin(), now.q.end(), state.q);
            std::copy(now.dq.begin(), now.dq.end(), state.dq);
            state.sound = 1;
            const mine_reference reference = reference_at(state.time, start);
            double tau[MINE_JOINTS];
            const int stopped = mine_step(&controller, &state, &reference, tau);
            // Ours holds the arm; the robot adds its own gravity to what it is sent.
            const std::array<double, 7> gravity = model.gravity(now);
            std::array<double, 7> sent{};
            for (std::size_t i = 0; i < sent.size(); i++) sent[i] = tau[i] - gravity[i];
            franka::Torques torques(sent);
            const double fastest = std::abs(*std::max_element(
                now.dq.begin(), now.dq.end(),
                [](double a, double b) { return std::abs(a) < std::abs(b); }));
            const bool at_rest = stopped != MINE_GO && fastest < 0.01;
            return at_rest ? franka::MotionFinished(torques) : torques;
        });
    } catch (const franka::Exception &error) {
        std::puts(error.what());
        return 1;
    }
    std::puts(mine_reason(mine_stopped(&controller)));
    return mine_stopped(&controller);
}
