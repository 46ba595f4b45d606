/*
 * A call that waits for a device which stays silent, ended from another thread. Windows lets a read go on waiting when its
 * socket is shut down, so this is where an interrupt that works elsewhere shows that it does not work there. The device is
 * a socket of this program, which takes the first bytes of TLS and never answers.
 *
 * Run:  interrupted ROOT_CA_FILE
 */
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <windows.h>

#include <stdio.h>

#include "poslatch.h"

/* Less than the library itself would wait: 10 s to connect. */
#define LIMIT_MS 5000

static poslatch_device *device;
static poslatch_status status;

static DWORD WINAPI pair(void *unused)
{
    poslatch_identity *identity = NULL;

    (void)unused;
    status = poslatch_pair(device, "1001", "8QW1YS1D", &identity, NULL);
    poslatch_identity_free(identity);
    return 0;
}

int main(int argc, char **argv)
{
    WSADATA data;
    SOCKET listener, silent;
    struct sockaddr_in address = {0};
    int size = sizeof address;
    char url[50], hello[1];
    HANDLE thread;
    DWORD ended;

    if (argc != 2 || WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return 2;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        return 2;
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
    if (poslatch_device_new(url, &device, NULL) != POSLATCH_OK
        || poslatch_device_set_root_ca_file(device, argv[1], NULL) != POSLATCH_OK)
        return 2;

    thread = CreateThread(NULL, 0, pair, NULL, 0, NULL);
    silent = accept(listener, NULL, NULL);
    /* From here on it waits for an answer, or is about to. */
    if (thread == NULL || recv(silent, hello, sizeof hello, 0) != 1)
        return 2;
    poslatch_device_interrupt(device);
    ended = WaitForSingleObject(thread, LIMIT_MS);
    if (ended != WAIT_OBJECT_0) {
        printf("after %d ms the call still waits\n", LIMIT_MS);
        ExitProcess(1);
    }
    printf("ended: %s\n", poslatch_status_name(status));
    poslatch_device_free(device);
    closesocket(silent);
    closesocket(listener);
    return status == POSLATCH_E_CANCELLED ? 0 : 1;
}
