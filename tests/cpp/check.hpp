// The little of a test framework that these tests need: named tests, checks that say what they saw, an exit code.
#pragma once

#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "poslatch.hpp"

namespace check {

struct failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct test {
    std::string name;
    std::function<void()> run;
};

using tests = std::vector<test>;

inline void that(bool holds, const std::string &what)
{
    if (!holds)
        throw failure(what);
}

template <typename Found, typename Expected>
void same(const std::string &what, const Found &found, const Expected &expected)
{
    if (found == expected)
        return;
    std::ostringstream text;
    text << what << ": expected \"" << expected << "\", found \"" << found << "\"";
    throw failure(text.str());
}

/// The error that the call throws; a failure if it throws none.
template <typename Call> poslatch::error error_of(const std::string &what, const Call &call)
{
    try {
        call();
    } catch (const poslatch::error &error) {
        return error;
    }
    throw failure(what + " has not thrown");
}

/// Checks that the call throws this status.
template <typename Call>
poslatch::error fails(const std::string &what, poslatch::status status, const Call &call)
{
    const poslatch::error error = error_of(what, call);
    same(what + " (" + error.what() + ")", poslatch::status_name(error.status()), poslatch::status_name(status));
    return error;
}

/// Runs the tests whose names hold the word. Returns the exit code.
inline int run(const tests &all, const std::string &word)
{
    int failed = 0, passed = 0;
    for (const test &test : all) {
        if (test.name.find(word) == std::string::npos)
            continue;
        try {
            test.run();
            std::cout << "ok      " << test.name << std::endl;
            passed++;
        } catch (const std::exception &exception) {
            std::cout << "FAILED  " << test.name << "\n        " << exception.what() << std::endl;
            failed++;
        }
    }
    std::cout << passed << " passed, " << failed << " failed" << std::endl;
    // A run that has tested nothing must not look like one that passed.
    return failed > 0 || passed == 0 ? 1 : 0;
}

} // namespace check
