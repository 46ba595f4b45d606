// What the conformance suite cannot see of poslatch.hpp: moves, lifetimes, exceptions, threads.
//
// Needs the environment variable POSLATCH_SIMULATOR. An argument chooses the tests whose names hold it.
#include "tests.hpp"

int main(int argc, char **argv)
{
    check::tests all;
    for (const check::tests *tests : {&object_tests, &callback_tests, &thread_tests, &text_tests, &memory_tests})
        all.insert(all.end(), tests->begin(), tests->end());
    return check::run(all, argc > 1 ? argv[1] : "");
}
