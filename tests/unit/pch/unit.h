// What nearly every unit test includes, compiled once for each test program: half the time of a
// test's compilation is these headers.  Tests name what they use all the same.
#ifndef TESTS_UNIT_PCH_UNIT_H
#define TESTS_UNIT_PCH_UNIT_H

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#endif  // TESTS_UNIT_PCH_UNIT_H
