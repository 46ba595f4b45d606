/*
 * The DLL as Windows sees it: its version resource, and when it can be unloaded. Loaded by hand, because a program that
 * is linked against a DLL never unloads it.
 *
 * Run:  loading VERSION     with poslatch.dll beside it
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "poslatch.h"

static int failures;

static void check(int holds, const char *what)
{
    printf("%s  %s\n", holds ? "ok    " : "FAILED", what);
    failures += !holds;
}

/* A text of the version resource, in US English and Unicode. */
static const char *told(const void *resource, const char *name)
{
    char path[100];
    void *text = NULL;
    UINT size = 0;

    snprintf(path, sizeof path, "\\StringFileInfo\\040904b0\\%s", name);
    return VerQueryValueA(resource, path, &text, &size) && size > 0 ? text : "";
}

static void check_version(const char *version)
{
    static char resource[16384];
    VS_FIXEDFILEINFO *fixed = NULL;
    UINT size = 0;
    char numbers[50];

    if (!GetFileVersionInfoA("poslatch.dll", 0, sizeof resource, resource)) {
        check(0, "there is a version resource");
        return;
    }
    check(strcmp(told(resource, "FileVersion"), version) == 0, "FileVersion");
    check(strcmp(told(resource, "ProductVersion"), version) == 0, "ProductVersion");
    check(strcmp(told(resource, "OriginalFilename"), "poslatch.dll") == 0, "OriginalFilename");
    check(strlen(told(resource, "FileDescription")) > 0, "FileDescription");
    check(VerQueryValueA(resource, "\\", (void **)&fixed, &size) && size >= sizeof *fixed, "the version in numbers");
    if (fixed == NULL)
        return;
    snprintf(numbers, sizeof numbers, "%u.%u.%u", HIWORD(fixed->dwFileVersionMS), LOWORD(fixed->dwFileVersionMS),
             HIWORD(fixed->dwFileVersionLS));
    check(strncmp(numbers, version, strlen(numbers)) == 0, "the same version in numbers");
}

/* GetProcAddress gives one type for every function; through a union no compiler objects. */
union function {
    FARPROC any;
    poslatch_status (*abi_check)(uint32_t, uint32_t);
    poslatch_status (*device_new)(const char *, poslatch_device **, poslatch_error **);
    void (*device_free)(poslatch_device *);
};

static union function function(HMODULE library, const char *name)
{
    union function found;

    found.any = GetProcAddress(library, name);
    if (found.any == NULL) {
        printf("FAILED  there is no %s\n", name);
        ExitProcess(1);
    }
    return found;
}

static int is_loaded(void)
{
    return GetModuleHandleA("poslatch.dll") != NULL;
}

int main(int argc, char **argv)
{
    HMODULE library;
    union function device_new, device_free;
    poslatch_device *device = NULL;

    check_version(argc > 1 ? argv[1] : "");

    check(!is_loaded(), "the library is not loaded yet");
    library = LoadLibraryA("poslatch.dll");
    check(library != NULL, "it loads");
    if (library == NULL)
        return 1;
    check(function(library, "poslatch_abi_check").abi_check(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR) == POSLATCH_OK,
          "it has the ABI of the header");
    FreeLibrary(library);
    check(!is_loaded(), "who has only asked for the version can unload it");

    library = LoadLibraryA("poslatch.dll");
    device_new = function(library, "poslatch_device_new");
    device_free = function(library, "poslatch_device_free");
    check(device_new.device_new("https://192.0.2.1:8443/", &device, NULL) == POSLATCH_OK, "it makes an object");
    FreeLibrary(library);
    FreeLibrary(library);
    check(is_loaded(), "from then on it stays, however often it is let go");
    device_free.device_free(device);
    device = NULL;
    check(device_new.device_new("https://192.0.2.1:8443/", &device, NULL) == POSLATCH_OK, "and goes on working");
    device_free.device_free(device);
    return failures != 0;
}
