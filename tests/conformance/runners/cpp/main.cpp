// The conformance runner of C++: a till without a will of its own, on poslatch.hpp alone. README.md two folders up
// has the protocol.
//
// Build:  c++ -std=c++11 -Iinclude tests/conformance/runners/cpp/*.cpp -Ltarget/release -lposlatch -pthread -o runner
#include <future>
#include <iostream>

#include "till.hpp"

namespace {

/// Commands on threads of their own, with their answers.
class threads {
public:
    explicit threads(runner::till &till) : till_(till) {}

    /// "start thread=NAME VERB ..."
    runner::answer start(const std::string &line)
    {
        const std::size_t verb = line.find(' ', line.find('='));
        const std::string rest = verb == std::string::npos ? "" : line.substr(verb + 1);
        running_[name_of(line)]
            = std::async(std::launch::async, [this, rest] { return till_.run(rest); });
        return runner::answer::ok();
    }

    runner::answer join(const std::string &line)
    {
        const auto found = running_.find(name_of(line));
        if (found == running_.end())
            return till_.run("join");
        std::future<runner::answer> ending = std::move(found->second);
        running_.erase(found);
        return ending.get();
    }

private:
    static std::string name_of(const std::string &line)
    {
        const std::size_t begin = line.find('=') + 1;
        return line.substr(begin, line.find(' ', begin) - begin);
    }

    runner::till &till_;
    // The destructor of each waits for its thread.
    std::map<std::string, std::future<runner::answer>> running_;
};

bool begins(const std::string &line, const std::string &words)
{
    return line.compare(0, words.size(), words) == 0;
}

} // namespace

int main()
{
    std::ios::sync_with_stdio(false);
    runner::till till;
    threads threads(till);
    for (std::string line; std::getline(std::cin, line);) {
        const runner::answer answer = begins(line, "start thread=")  ? threads.start(line)
                                      : begins(line, "join thread=") ? threads.join(line)
                                                                     : till.run(line);
        std::cout << answer.line() << std::endl;
    }
    till.wake_calls();
    return 0;
}
