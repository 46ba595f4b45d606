/*
 * Calls the library without any C runtime: compiled and linked for the ABI of Visual Studio on a machine that has neither
 * its headers nor its libraries, to prove poslatch.lib.
 */
#include "poslatch.h"

__declspec(dllimport) void __stdcall ExitProcess(unsigned code);

void start(void)
{
    poslatch_device *device = NULL;
    poslatch_error *error = NULL;
    unsigned wrong = 0;

    wrong |= poslatch_abi_check(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR) != POSLATCH_OK;
    wrong |= (unsigned)(poslatch_device_new("no address", &device, &error) != POSLATCH_E_ARGUMENT) << 1;
    wrong |= (unsigned)(poslatch_error_status(error) != POSLATCH_E_ARGUMENT) << 2;
    poslatch_error_free(error);
    wrong |= (unsigned)(poslatch_device_new("https://192.0.2.1:8443/", &device, NULL) != POSLATCH_OK) << 3;
    poslatch_device_free(device);
    /* A code that is no accident. */
    ExitProcess(wrong == 0 ? 42 : wrong);
}
