// Skeleton: a controller exported by `nengo-forcectl export RUN mine --c` as a ros2_control plugin.
//
// It was compiled against stubs of ros2_control's names, and never run. It claims the effort of each
// joint, reads position and velocity, and holds the tool where the parameter "target" says [m].
#include <controller_interface/controller_interface.hpp>
#include <pluginlib/class_list_macros.hpp>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "mine.h"

namespace mine_ros2 {

using controller_interface::CallbackReturn;
using controller_interface::InterfaceConfiguration;
using controller_interface::interface_configuration_type;

class Controller : public controller_interface::ControllerInterface {
  public:
    CallbackReturn on_init() override {
        auto_declare<std::vector<std::string>>("joints", {});
        auto_declare<std::vector<double>>("target", {});
        auto_declare<std::string>("state_block", "");
        return CallbackReturn::SUCCESS;
    }

    InterfaceConfiguration command_interface_configuration() const override {
        return {interface_configuration_type::INDIVIDUAL, names({"effort"})};
    }

    InterfaceConfiguration state_interface_configuration() const override {
        return {interface_configuration_type::INDIVIDUAL, names({"position", "velocity"})};
    }

    // Files are read here, not in the control loop.
    CallbackReturn on_configure(const rclcpp_lifecycle::State &) override {
        joints_ = get_node()->get_parameter("joints").as_string_array();
        const auto target = get_node()->get_parameter("target").as_double_array();
        if (joints_.size() != MINE_JOINTS || target.size() != MINE_TASK)
            return CallbackReturn::ERROR;
        reference_ = mine_reference{};
        for (std::size_t i = 0; i < target.size(); i++) reference_.x[i] = target[i];
        std::ifstream file(get_node()->get_parameter("state_block").as_string(), std::ios::binary);
        file.read(reinterpret_cast<char *>(block_), sizeof block_);
        const auto size = static_cast<std::size_t>(file.gcount());
        const int error = mine_create(&controller_, block_, size);
        if (error) RCLCPP_ERROR(get_node()->get_logger(), "%s", mine_error(error));
        return error ? CallbackReturn::ERROR : CallbackReturn::SUCCESS;
    }

    CallbackReturn on_activate(const rclcpp_lifecycle::State &) override {
        mine_reset(&controller_);
        return CallbackReturn::SUCCESS;
    }

    controller_interface::return_type update(
        const rclcpp::Time &time, const rclcpp::Duration &) override {
        mine_state state{};
        state.time = time.seconds();
        state.sound = 1;
        for (std::size_t i = 0; i < MINE_JOINTS; i++) {
            state.q[i] = state_interfaces_[2 * i].get_value();
            state.dq[i] = state_interfaces_[2 * i + 1].get_value();
        }
        double tau[MINE_JOINTS];
        mine_step(&controller_, &state, &reference_, tau);  // in a stop it brakes and holds the arm
        for (std::size_t i = 0; i < MINE_JOINTS; i++) command_interfaces_[i].set_value(tau[i]);
        return controller_interface::return_type::OK;
    }

  private:
    std::vector<std::string> names(const std::vector<std::string> &kinds) const {
        std::vector<std::string> found;
        for (const auto &joint : joints_)
            for (const auto &kind : kinds) found.push_back(joint + "/" + kind);
        return found;
    }

    std::vector<std::string> joints_;
    mine_reference reference_{};
    mine_controller controller_{};
    std::uint64_t block_[MINE_BYTES / 8]{};
};

}  // namespace mine_ros2

PLUGINLIB_EXPORT_CLASS(mine_ros2::Controller, controller_interface::ControllerInterface)
