#include "simulator.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::string program()
{
    const char *path = std::getenv("POSLATCH_SIMULATOR");
    if (path == nullptr)
        throw std::runtime_error("set POSLATCH_SIMULATOR to the program, as `cargo xtask test cpp` does");
    return path;
}

/// The text of a member of a flat event, or nothing.
std::string member(const std::string &event, const std::string &name)
{
    const std::string key = "\"" + name + "\":\"";
    const std::size_t begin = event.find(key);
    if (begin == std::string::npos)
        return "";
    const std::size_t from = begin + key.size();
    return event.substr(from, event.find('"', from) - from);
}

} // namespace

simulator::simulator(const std::vector<std::string> &switches, const std::string &scenario)
{
    const char *temporary = std::getenv("TMPDIR");
    std::string folder = std::string(temporary == nullptr ? "/tmp" : temporary) + "/poslatch-cpp-XXXXXX";
    if (mkdtemp(&folder[0]) == nullptr)
        throw std::runtime_error("cannot make " + folder);
    folder_ = folder;

    std::vector<std::string> words = {program(), "--listen", "127.0.0.1:0", "--json", "--until-eof", "--root-ca-out",
                                      file("root-ca.pem")};
    for (const std::string &word : switches)
        words.insert(words.end(), {"--set", word});
    if (!scenario.empty()) {
        std::ofstream(file("scenario.toml")) << scenario;
        words.insert(words.end(), {"--scenario", file("scenario.toml")});
    }
    std::vector<char *> arguments;
    for (std::string &word : words)
        arguments.push_back(&word[0]);
    arguments.push_back(nullptr);

    int to_child[2], from_child[2];
    if (pipe(to_child) != 0 || pipe(from_child) != 0)
        throw std::runtime_error("cannot make a pipe");
    // Else a second child would hold the first one's input open, and the first would not end.
    for (const int end : {to_child[0], to_child[1], from_child[0], from_child[1]})
        fcntl(end, F_SETFD, FD_CLOEXEC);
    child_ = fork();
    if (child_ == 0) {
        dup2(to_child[0], 0);
        dup2(from_child[1], 1);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(to_child[0]);
    close(from_child[1]);
    stdin_ = to_child[1];

    std::FILE *events = fdopen(from_child[0], "r");
    char line[4096];
    while ((address_.empty() || setup_code_.empty()) && std::fgets(line, sizeof line, events) != nullptr) {
        if (member(line, "event") == "ready") {
            address_ = member(line, "address");
            screen_url_ = member(line, "screenUrl");
        }
        if (member(line, "event") == "code")
            setup_code_ = member(line, "code");
    }
    // Nobody else reads what it reports; without a reader it would stop when the pipe is full.
    std::thread([events] {
        char rest[4096];
        while (std::fread(rest, 1, sizeof rest, events) > 0)
            continue;
        std::fclose(events);
    }).detach();
    if (address_.empty() || setup_code_.empty())
        throw std::runtime_error("the simulator has not said that it is ready");
}

simulator::~simulator()
{
    close(stdin_);
    waitpid(child_, nullptr, 0);
    for (const char *name : {"root-ca.pem", "till.pem", "t\xc3\xa4ller.pem", "journal", "journal.lock", "scenario.toml"})
        unlink(file(name).c_str());
    rmdir(folder_.c_str());
}

poslatch::device simulator::device(const std::string &scheme) const
{
    poslatch::device device(scheme + "://" + address_ + "/");
    device.set_root_ca_file(file("root-ca.pem"));
    return device;
}

poslatch::device simulator::device_that_moved() const
{
    poslatch::device device("wss://127.0.0.2" + address_.substr(address_.rfind(':')) + "/");
    device.set_root_ca_file(file("root-ca.pem"));
    return device;
}

poslatch::identity simulator::pair(const std::string &pos_id) const
{
    return device("https").pair(pos_id, setup_code_);
}

std::string simulator::press(const std::string &path) const
{
    // "http://127.0.0.1:8080/"
    const std::string host = screen_url_.substr(7, screen_url_.size() - 8);
    const std::size_t colon = host.rfind(':');
    sockaddr_in address = sockaddr_in();
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(host.substr(colon + 1))));
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const std::string request = "POST /api/" + path + " HTTP/1.1\r\nHost: " + host
                                + "\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    std::string answer;
    if (inet_pton(AF_INET, host.substr(0, colon).c_str(), &address.sin_addr) == 1
        && connect(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0
        && send(socket, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
        char part[1024];
        for (ssize_t size; (size = recv(socket, part, sizeof part, 0)) > 0;)
            answer.append(part, static_cast<std::size_t>(size));
    }
    close(socket);
    if (answer.find("HTTP/1.1 200") != 0)
        throw std::runtime_error("the control API at " + screen_url_ + " does not " + path + ": " + answer);
    return answer;
}

std::string payment(const std::string &reference)
{
    return "{\"type\":\"PaymentRequest\",\"merchantReferenceCode\":\"" + reference
           + "\",\"amountDetails\":{\"amount\":\"1.00\",\"currency\":\"USD\"}}";
}
