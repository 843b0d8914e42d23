// Stub: see README.md.
#pragma once
#include <memory>
#include <string>
#include <type_traits>
#include <vector>
#define RCLCPP_ERROR(logger, form, text) (static_cast<void>(logger), static_cast<void>(text))
namespace rclcpp {
struct Time {
    double seconds() const;
};
struct Duration {};
struct Logger {};
struct Parameter {
    std::string as_string() const;
    std::vector<std::string> as_string_array() const;
    std::vector<double> as_double_array() const;
};
}  // namespace rclcpp
namespace rclcpp_lifecycle {
struct State {};
struct LifecycleNode {
    rclcpp::Parameter get_parameter(const std::string &name) const;
    rclcpp::Logger get_logger() const;
};
}  // namespace rclcpp_lifecycle
namespace hardware_interface {
struct LoanedStateInterface {
    double get_value() const;
};
struct LoanedCommandInterface {
    void set_value(double value);
};
}  // namespace hardware_interface
namespace controller_interface {
enum class CallbackReturn { SUCCESS, FAILURE, ERROR };
enum class return_type { OK, ERROR };
enum class interface_configuration_type { ALL, INDIVIDUAL, NONE };
struct InterfaceConfiguration {
    interface_configuration_type type;
    std::vector<std::string> names;
};
class ControllerInterface {
  public:
    virtual ~ControllerInterface() = default;
    virtual CallbackReturn on_init() = 0;
    virtual InterfaceConfiguration command_interface_configuration() const = 0;
    virtual InterfaceConfiguration state_interface_configuration() const = 0;
    virtual CallbackReturn on_configure(const rclcpp_lifecycle::State &previous) = 0;
    virtual CallbackReturn on_activate(const rclcpp_lifecycle::State &previous) = 0;
    virtual return_type update(const rclcpp::Time &time, const rclcpp::Duration &period) = 0;

  protected:
    template <typename T>
    void auto_declare(const std::string &name, const T &value);
    std::shared_ptr<rclcpp_lifecycle::LifecycleNode> get_node() const;
    std::vector<hardware_interface::LoanedCommandInterface> command_interfaces_;
    std::vector<hardware_interface::LoanedStateInterface> state_interfaces_;
};
}  // namespace controller_interface
