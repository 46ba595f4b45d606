# What `cmake --install` puts where. Everything in it finds everything else from where it lies, so that an archive can be
# unpacked anywhere.

# `lib` unless somebody says otherwise: GNUInstallDirs would ask a compiler, and there may be none. Not in the cache, where a
# project that takes this one in would find it and lay out its own libraries by it.
if(NOT DEFINED CMAKE_INSTALL_LIBDIR)
    set(CMAKE_INSTALL_LIBDIR lib)
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
foreach(folder IN ITEMS BINDIR LIBDIR INCLUDEDIR DATADIR DOCDIR)
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${folder}}")
        message(FATAL_ERROR "poslatch: CMAKE_INSTALL_${folder} has to be relative to the prefix")
    endif()
endforeach()

set(POSLATCH_CONFIG_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/poslatch")
set(POSLATCH_PKGCONFIG_DIR "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
set(POSLATCH_GENERATED "${CMAKE_CURRENT_BINARY_DIR}/generated")

# The same targets as in the build, at the places of the install.
set(POSLATCH_TARGETS_LIBRARIES "\${PACKAGE_PREFIX_DIR}/${CMAKE_INSTALL_LIBDIR}")
set(POSLATCH_TARGETS_RUNTIME "${POSLATCH_TARGETS_LIBRARIES}")
if(POSLATCH_WINDOWS)
    set(POSLATCH_TARGETS_RUNTIME "\${PACKAGE_PREFIX_DIR}/${CMAKE_INSTALL_BINDIR}")
endif()
set(POSLATCH_TARGETS_INCLUDE "\${PACKAGE_PREFIX_DIR}/${CMAKE_INSTALL_INCLUDEDIR}")
set(POSLATCH_TARGETS_SCOPE "")
configure_file("${PROJECT_SOURCE_DIR}/cmake/poslatchTargets.cmake.in" "${POSLATCH_GENERATED}/poslatchTargets.cmake" @ONLY)
file(RELATIVE_PATH POSLATCH_CONFIG_TO_PREFIX "/${POSLATCH_CONFIG_DIR}" "/")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/poslatchConfig.cmake.in"
                              "${POSLATCH_GENERATED}/poslatchConfig.cmake" INSTALL_DESTINATION "${POSLATCH_CONFIG_DIR}")

# A function, because the size of the pointers is told by a variable that means something to everybody else: with it the
# file refuses a program of another size, and without a language CMake has not found it out by itself.
function(poslatch_write_version_file)
    set(CMAKE_SIZEOF_VOID_P ${POSLATCH_POINTER_BYTES})
    write_basic_package_version_file("${POSLATCH_GENERATED}/poslatchConfigVersion.cmake" VERSION ${POSLATCH_VERSION}
                                     COMPATIBILITY SameMajorVersion)
endfunction()
poslatch_write_version_file()

file(RELATIVE_PATH POSLATCH_PC_PREFIX "/${POSLATCH_PKGCONFIG_DIR}" "/")
string(REGEX REPLACE "/$" "" POSLATCH_PC_PREFIX "${POSLATCH_PC_PREFIX}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/poslatch.pc.in" "${POSLATCH_GENERATED}/poslatch.pc" @ONLY)

if(POSLATCH_WINDOWS)
    install(PROGRAMS "${POSLATCH_LAYOUT}/${POSLATCH_SHARED_NAME}" DESTINATION "${CMAKE_INSTALL_BINDIR}")
    install(FILES "${POSLATCH_LAYOUT}/${POSLATCH_IMPORT_FILE}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    # Made by whoever has the tool for it.
    install(FILES "${POSLATCH_OUTPUT}/poslatch.lib" DESTINATION "${CMAKE_INSTALL_LIBDIR}" OPTIONAL)
else()
    install(PROGRAMS "${POSLATCH_LAYOUT}/${POSLATCH_SHARED_NAME}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    foreach(link IN LISTS POSLATCH_LINKS)
        install(FILES "${POSLATCH_LAYOUT}/${link}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    endforeach()
endif()
install(FILES "${POSLATCH_LAYOUT}/${POSLATCH_STATIC_FILE}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES include/poslatch.h include/poslatch.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "${POSLATCH_GENERATED}/poslatchConfig.cmake" "${POSLATCH_GENERATED}/poslatchConfigVersion.cmake"
              "${POSLATCH_GENERATED}/poslatchTargets.cmake" DESTINATION "${POSLATCH_CONFIG_DIR}")
install(FILES "${POSLATCH_GENERATED}/poslatch.pc" DESTINATION "${POSLATCH_PKGCONFIG_DIR}")
install(DIRECTORY examples-c examples-cpp DESTINATION "${CMAKE_INSTALL_DATADIR}/poslatch")
install(FILES LICENSE-APACHE LICENSE-MIT DESTINATION "${CMAKE_INSTALL_DOCDIR}")
