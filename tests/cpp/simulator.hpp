// A simulated device in a process of its own, on a free port of the loopback; it ends with this object. POSIX.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "poslatch.hpp"

class simulator {
public:
    /// Switches are of the program's `--set`, such as "hold_payment=true"; the scenario is the text of a file such as
    /// simulator/scenarios/default.toml.
    explicit simulator(const std::vector<std::string> &switches = {}, const std::string &scenario = "");
    ~simulator();
    simulator(const simulator &) = delete;
    simulator &operator=(const simulator &) = delete;

    /// A device of poslatch.hpp that trusts this one.
    poslatch::device device(const std::string &scheme = "wss") const;

    /// The settings of a till that knows it at another address, where nobody is.
    poslatch::device device_that_moved() const;

    /// "127.0.0.1" and the port.
    const std::string &address() const { return address_; }

    /// Pairs a till with it; once for each simulator.
    poslatch::identity pair(const std::string &pos_id = "1001") const;

    /// What a person does on its screen, by the control API: "display/cancel". Returns the answer with its head.
    std::string press(const std::string &path) const;

    /// A file name in a folder that goes away with this object.
    std::string file(const std::string &name) const { return folder_ + "/" + name; }

private:
    std::string folder_;
    pid_t child_;
    int stdin_;
    std::string address_;
    std::string screen_url_;
    std::string setup_code_;
};

/// A payment request with this reference.
std::string payment(const std::string &reference);
