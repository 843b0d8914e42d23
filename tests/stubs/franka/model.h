// Stub: see README.md.
#pragma once
#include "robot.h"
namespace franka {
class Model {
  public:
    std::array<double, 7> gravity(const RobotState &state) const;
};
}  // namespace franka
