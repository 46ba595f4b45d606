# What depends on the machine that is built for: its name, its files, and what a program has to link beside the static
# library.

if(CMAKE_CROSSCOMPILING AND NOT POSLATCH_TARGET)
    message(FATAL_ERROR "poslatch: this build is for another machine; name it as Rust does, for instance "
                        "-DPOSLATCH_TARGET=aarch64-unknown-linux-gnu")
endif()

set(POSLATCH_TRIPLE "${POSLATCH_TARGET}")
if(NOT POSLATCH_TRIPLE)
    # Rust's own answer: the kernel's name of the processor may be another one than that of the programs on it.
    find_program(POSLATCH_RUSTC rustc PATHS "$ENV{HOME}/.cargo/bin" DOC "Rust's compiler, asked which machine this is")
    if(NOT POSLATCH_RUSTC)
        message(FATAL_ERROR "poslatch: rustc is not found; install Rust, or name it by -DPOSLATCH_RUSTC=...")
    endif()
    execute_process(COMMAND "${POSLATCH_RUSTC}" -vV OUTPUT_VARIABLE POSLATCH_RUSTC_SAYS)
    string(REGEX REPLACE ".*\nhost: ([^\n]+)\n.*" "\\1" POSLATCH_TRIPLE "${POSLATCH_RUSTC_SAYS}")
endif()

if(POSLATCH_TRIPLE MATCHES "^([^-]*64|s390x)" AND NOT POSLATCH_TRIPLE MATCHES "x32$|ilp32$")
    set(POSLATCH_POINTER_BYTES 8)
else()
    set(POSLATCH_POINTER_BYTES 4)
endif()

set(POSLATCH_WINDOWS FALSE)
set(POSLATCH_STATIC_FILE libposlatch.a)
if(POSLATCH_TRIPLE MATCHES "-windows-gnu")
    set(POSLATCH_WINDOWS TRUE)
    set(POSLATCH_SHARED_FILE poslatch.dll)
    set(POSLATCH_IMPORT_FILE libposlatch.dll.a)
elseif(POSLATCH_TRIPLE MATCHES "-linux-")
    set(POSLATCH_SHARED_FILE libposlatch.so)
else()
    message(FATAL_ERROR "poslatch: no layout of files is known for ${POSLATCH_TRIPLE}, only for Linux and windows-gnu")
endif()

# One line for each system, such as `linux -lpthread -lc`; `cargo xtask test install` compares it with rustc's own.
set(POSLATCH_NATIVE_LIBRARIES "")
file(STRINGS "${PROJECT_SOURCE_DIR}/abi/native-libraries.txt" POSLATCH_LINES)
foreach(line IN LISTS POSLATCH_LINES)
    string(REGEX MATCH "^([a-z0-9-]+) (-l.*)$" POSLATCH_LINE "${line}")
    set(POSLATCH_LIBRARIES "${CMAKE_MATCH_2}")
    if(POSLATCH_LINE AND POSLATCH_TRIPLE MATCHES "-${CMAKE_MATCH_1}(-|$)")
        set(POSLATCH_NATIVE_LIBRARIES "${POSLATCH_LIBRARIES}")
    endif()
endforeach()
if(NOT POSLATCH_NATIVE_LIBRARIES)
    message(FATAL_ERROR "poslatch: abi/native-libraries.txt has no line for ${POSLATCH_TRIPLE}")
endif()
# How the stack is unwound the compiler knows by itself, shared or static as the whole program is; named here, the library
# for the former would rule out `-static`.
string(REPLACE "-lgcc_s " "" POSLATCH_NATIVE_LIBRARIES "${POSLATCH_NATIVE_LIBRARIES}")
string(REPLACE " " ";" POSLATCH_NATIVE_LINK "${POSLATCH_NATIVE_LIBRARIES}")
