# How everything is compiled: the language, the warnings, the sanitizers, ccache.
option(KEEPWELL_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(KEEPWELL_DOCKER_TESTS "Build the tests that need a Docker engine, too" ON)
option(KEEPWELL_BENCH "Build the benchmarks" OFF)
option(KEEPWELL_FUZZ "Build the fuzzers (clang only)" OFF)
set(KEEPWELL_SANITIZE "" CACHE STRING "Sanitizers to build with, such as address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

find_program(KEEPWELL_CCACHE ccache)
if(KEEPWELL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KEEPWELL_CCACHE})
endif()

# Warnings are errors, but for three that g++ 12 gives falsely under -O2.
add_library(keepwell_warnings INTERFACE)
target_compile_options(keepwell_warnings INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-qual -Wswitch-enum -Wundef)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(keepwell_warnings INTERFACE
    -Wno-stringop-overflow -Wno-restrict -Wno-maybe-uninitialized)
endif()

if(KEEPWELL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(KEEPWELL_SANITIZE)
  add_compile_options(-fsanitize=${KEEPWELL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KEEPWELL_SANITIZE})
endif()
