# Builds both libraries by one call of cargo, and gives them to CMake as imported targets. Cargo decides what is stale;
# what it made is copied only if it differs, so that nothing is linked again for nothing.

set(POSLATCH_PROFILE release CACHE STRING "Cargo's profile; `release` is what is shipped")
set(POSLATCH_CARGO_FLAGS "" CACHE STRING "More arguments for cargo, the last ones; separated by semicolons")
set(POSLATCH_CARGO_TARGET_DIR "${CMAKE_CURRENT_BINARY_DIR}/cargo" CACHE PATH "Where cargo builds")

# Laid out as in an install, because programs ask for the library by the name that is written in it.
set(POSLATCH_LAYOUT "${CMAKE_CURRENT_BINARY_DIR}/poslatch")
if(POSLATCH_WINDOWS)
    set(POSLATCH_SHARED_NAME ${POSLATCH_SHARED_FILE})
    set(POSLATCH_LINKS "")
else()
    set(POSLATCH_SHARED_NAME libposlatch.so.${POSLATCH_VERSION})
    set(POSLATCH_SONAME libposlatch.so.${POSLATCH_ABI_MAJOR})
    set(POSLATCH_LINKS ${POSLATCH_SONAME} libposlatch.so)
endif()
set(POSLATCH_FILES ${POSLATCH_SHARED_NAME} ${POSLATCH_STATIC_FILE} ${POSLATCH_IMPORT_FILE})

if(POSLATCH_PREBUILT)
    set(POSLATCH_OUTPUT "${POSLATCH_PREBUILT}")
    set(POSLATCH_CARGO_COMMAND "")
else()
    find_program(POSLATCH_CARGO cargo PATHS "$ENV{HOME}/.cargo/bin" DOC "cargo, or what takes its place: cargo-zigbuild")
    if(NOT POSLATCH_CARGO)
        message(FATAL_ERROR "poslatch: cargo is not found; install Rust (https://rustup.rs), or name it by "
                            "-DPOSLATCH_CARGO=...")
    endif()

    set(POSLATCH_CARGO_ARGUMENTS --locked --package poslatch --lib --crate-type cdylib,staticlib)
    list(APPEND POSLATCH_CARGO_ARGUMENTS --manifest-path "${PROJECT_SOURCE_DIR}/Cargo.toml")
    list(APPEND POSLATCH_CARGO_ARGUMENTS --target-dir "${POSLATCH_CARGO_TARGET_DIR}")
    list(APPEND POSLATCH_CARGO_ARGUMENTS --profile ${POSLATCH_PROFILE})
    set(POSLATCH_OUTPUT "${POSLATCH_CARGO_TARGET_DIR}")
    if(POSLATCH_TARGET)
        list(APPEND POSLATCH_CARGO_ARGUMENTS --target ${POSLATCH_TARGET})
        # cargo-zigbuild takes the version of glibc behind the name, and leaves it out in its folder.
        string(REGEX REPLACE "\\.[0-9.]+$" "" POSLATCH_FOLDER "${POSLATCH_TARGET}")
        string(APPEND POSLATCH_OUTPUT "/${POSLATCH_FOLDER}")
    endif()
    # Cargo calls the folder of its development profile otherwise than the profile.
    string(REGEX REPLACE "^dev$" "debug" POSLATCH_FOLDER "${POSLATCH_PROFILE}")
    string(APPEND POSLATCH_OUTPUT "/${POSLATCH_FOLDER}")
    # `cargo rustc` and not `cargo build`, which makes the Rust library too and leaves out link-time optimisation for it.
    set(POSLATCH_CARGO_COMMAND COMMAND "${POSLATCH_CARGO}" rustc ${POSLATCH_CARGO_ARGUMENTS}
                               ${POSLATCH_CARGO_FLAGS})
endif()

set(POSLATCH_STEPS ${POSLATCH_CARGO_COMMAND} COMMAND "${CMAKE_COMMAND}" -E make_directory "${POSLATCH_LAYOUT}")
foreach(file IN LISTS POSLATCH_FILES)
    set(POSLATCH_MADE "${file}")
    if(file STREQUAL POSLATCH_SHARED_NAME)
        set(POSLATCH_MADE "${POSLATCH_SHARED_FILE}")
    endif()
    list(APPEND POSLATCH_STEPS COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${POSLATCH_OUTPUT}/${POSLATCH_MADE}"
                                       "${POSLATCH_LAYOUT}/${file}")
    list(APPEND POSLATCH_PRODUCTS "${POSLATCH_LAYOUT}/${file}")
endforeach()
foreach(link IN LISTS POSLATCH_LINKS)
    list(APPEND POSLATCH_STEPS COMMAND "${CMAKE_COMMAND}" -E create_symlink ${POSLATCH_SHARED_NAME}
                                       "${POSLATCH_LAYOUT}/${link}")
endforeach()
add_custom_target(poslatch_build ALL ${POSLATCH_STEPS} BYPRODUCTS ${POSLATCH_PRODUCTS} VERBATIM
                  COMMENT "poslatch ${POSLATCH_VERSION} for ${POSLATCH_TRIPLE}")

set(POSLATCH_TARGETS_LIBRARIES "${POSLATCH_LAYOUT}")
set(POSLATCH_TARGETS_RUNTIME "${POSLATCH_LAYOUT}")
set(POSLATCH_TARGETS_INCLUDE "${PROJECT_SOURCE_DIR}/include")
set(POSLATCH_TARGETS_SCOPE " GLOBAL")
configure_file("${PROJECT_SOURCE_DIR}/cmake/poslatchTargets.cmake.in" poslatchTargets.cmake @ONLY)
include("${CMAKE_CURRENT_BINARY_DIR}/poslatchTargets.cmake")
add_dependencies(poslatch::poslatch poslatch_build)
add_dependencies(poslatch::static poslatch_build)
