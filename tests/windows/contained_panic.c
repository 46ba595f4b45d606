/*
 * A panic inside of the shipped DLL, which must not end the program. No function of the library panics on demand, so its
 * way to the random numbers of Windows is cut: what Rust's hash tables are seeded with comes from there, and Rust panics
 * if it gets none. The entry of the DLL's own import table is changed in memory; the DLL is the shipped one.
 *
 * Run:  contained_panic URL ROOT_CA_FILE POS_ID SETUP_CODE     with poslatch.dll beside it
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdio.h>
#include <string.h>

#include "poslatch.h"

/* Where the library keeps the address of an imported function. */
static void **import_entry(const char *dll, const char *name)
{
    char *base = (char *)GetModuleHandleA("poslatch.dll");
    const IMAGE_NT_HEADERS *headers = (IMAGE_NT_HEADERS *)(base + ((IMAGE_DOS_HEADER *)base)->e_lfanew);
    const IMAGE_IMPORT_DESCRIPTOR *from
        = (IMAGE_IMPORT_DESCRIPTOR *)(base
                                      + headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT]
                                            .VirtualAddress);

    for (; from->Name != 0; from++) {
        const IMAGE_THUNK_DATA *names = (IMAGE_THUNK_DATA *)(base + from->OriginalFirstThunk);
        void **addresses = (void **)(base + from->FirstThunk);

        if (_stricmp(base + from->Name, dll) != 0)
            continue;
        for (; names->u1.AddressOfData != 0; names++, addresses++)
            if (!IMAGE_SNAP_BY_ORDINAL(names->u1.Ordinal)
                && strcmp((char *)((IMAGE_IMPORT_BY_NAME *)(base + names->u1.AddressOfData))->Name, name) == 0)
                return addresses;
    }
    return NULL;
}

static BOOLEAN WINAPI no_random_numbers(void *bytes, ULONG size)
{
    (void)bytes, (void)size;
    return FALSE;
}

static void set(void **entry, void *address)
{
    DWORD before;

    VirtualProtect(entry, sizeof *entry, PAGE_READWRITE, &before);
    *entry = address;
    VirtualProtect(entry, sizeof *entry, before, &before);
}

struct till {
    poslatch_device *device;
    const char *pos_id, *setup_code;
    poslatch_status status;
    poslatch_error *error;
};

/* On a thread of its own: each thread asks for random numbers once. */
static DWORD WINAPI pair(void *argument)
{
    struct till *till = argument;
    poslatch_identity *identity = NULL;

    till->status = poslatch_pair(till->device, till->pos_id, till->setup_code, &identity, &till->error);
    poslatch_identity_free(identity);
    return 0;
}

static void pair_on_a_thread(struct till *till)
{
    HANDLE thread = CreateThread(NULL, 0, pair, till, 0, NULL);

    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

int main(int argc, char **argv)
{
    struct till till = {NULL, NULL, NULL, POSLATCH_OK, NULL};
    /* What the DLL imports, and a pointer of its size to put there. */
    void **entry = import_entry("advapi32.dll", "SystemFunction036");
    union {
        BOOLEAN(WINAPI *function)(void *, ULONG);
        void *address;
    } instead = {no_random_numbers};
    void *before;

    if (argc != 5 || entry == NULL) {
        fprintf(stderr, entry == NULL ? "the library does not import SystemFunction036\n" : "see the head of the source\n");
        return 2;
    }
    till.pos_id = argv[3];
    till.setup_code = argv[4];
    if (poslatch_device_new(argv[1], &till.device, NULL) != POSLATCH_OK
        || poslatch_device_set_root_ca_file(till.device, argv[2], NULL) != POSLATCH_OK)
        return 2;

    before = *entry;
    set(entry, instead.address);
    pair_on_a_thread(&till);
    set(entry, before);
    printf("%s\n%s\n", poslatch_status_name(till.status), poslatch_error_message(till.error));
    poslatch_error_free(till.error);
    if (till.status != POSLATCH_E_INTERNAL)
        return 1;

    pair_on_a_thread(&till);
    printf("afterwards: %s\n", poslatch_status_name(till.status));
    poslatch_error_free(till.error);
    poslatch_device_free(till.device);
    return till.status != POSLATCH_OK;
}
