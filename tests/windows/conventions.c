/*
 * The 32-bit DLL called as cdecl, which it is, and as stdcall, which is the default of VB6, of Delphi's `external` for the
 * Windows API, and of the API itself. Under cdecl the caller takes its arguments off the stack, under stdcall the called
 * function does; a caller that counts on that loses the arguments' size of stack with each call.
 *
 * Build: with -O0, so that every function keeps a frame and survives what it does to its stack
 * Run:   conventions     with poslatch.dll beside it; prints what each kind of call leaves on the stack
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdint.h>
#include <stdio.h>

#include "poslatch.h"

#define CALLS 1000

union function {
    FARPROC any;
    poslatch_status(__cdecl *as_cdecl)(uint32_t, uint32_t);
    poslatch_status(__stdcall *as_stdcall)(uint32_t, uint32_t);
};

#define STACK_POINTER(variable) __asm__ volatile("movl %%esp, %0" : "=r"(variable))

static int32_t stack_lost_by_cdecl(union function function, poslatch_status *status)
{
    uint32_t before, after;

    STACK_POINTER(before);
    for (int call = 0; call < CALLS; call++)
        *status = function.as_cdecl(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR);
    STACK_POINTER(after);
    return (int32_t)(before - after);
}

static int32_t stack_lost_by_stdcall(union function function, poslatch_status *status)
{
    uint32_t before, after;

    STACK_POINTER(before);
    for (int call = 0; call < CALLS; call++)
        *status = function.as_stdcall(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR);
    STACK_POINTER(after);
    return (int32_t)(before - after);
}

int main(void)
{
    HMODULE library = LoadLibraryA("poslatch.dll");
    union function abi_check = {GetProcAddress(library, "poslatch_abi_check")};
    poslatch_status cdecl_status = -1, stdcall_status = -1;
    int32_t cdecl_lost, stdcall_lost;

    if (abi_check.any == NULL)
        return 2;
    cdecl_lost = stack_lost_by_cdecl(abi_check, &cdecl_status);
    stdcall_lost = stack_lost_by_stdcall(abi_check, &stdcall_status);
    printf("cdecl: status %d, %d bytes of stack lost in %d calls\n", (int)cdecl_status, (int)cdecl_lost, CALLS);
    printf("stdcall: status %d, %d bytes of stack lost in %d calls\n", (int)stdcall_status, (int)stdcall_lost, CALLS);
    if (GetProcAddress(library, "poslatch_abi_check@8") != NULL || GetProcAddress(library, "_poslatch_abi_check@8") != NULL)
        printf("there is a decorated export\n");
    return 0;
}
