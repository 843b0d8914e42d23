// Stub: see README.md.
#pragma once
#include <array>
#include <functional>
#include <string>
namespace franka {
struct Duration {
    double toSec() const;
};
struct RobotState {
    std::array<double, 16> O_T_EE;
    std::array<double, 7> q, dq;
    Duration time;
};
struct Torques {
    Torques(const std::array<double, 7> &torques);
    std::array<double, 7> tau_J;
    bool motion_finished;
};
Torques MotionFinished(Torques command);
class Model;
class Robot {
  public:
    explicit Robot(const std::string &address);
    Model loadModel();
    RobotState readOnce();
    void control(std::function<Torques(const RobotState &, Duration)> callback);
};
}  // namespace franka
