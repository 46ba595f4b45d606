// The tests of each file.
#pragma once

#include "check.hpp"

extern const check::tests object_tests, callback_tests, thread_tests, text_tests, memory_tests;
