/* runtime/link/port.c - see port.h; the columns are those of proc(5), /proc/net/tcp.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/port.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STATE_LISTEN = 0x0A };

/* The inode of a socket that listens on `port`, or 0. */
static unsigned long listener_in(const char *table, uint16_t port)
{
    FILE *f = fopen(table, "re");
    if (!f)
        return 0;
    char line[512];
    unsigned long found = 0;
    while (!found && fgets(line, sizeof line, f)) {
        unsigned at, state;
        unsigned long inode;
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &at, &state,
                   &inode) == 3 &&
            at == port && state == STATE_LISTEN)
            found = inode;
    }
    fclose(f);
    return found;
}

static bool has_socket(const char *pid, unsigned long inode)
{
    char path[300], want[64], link[64];
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    snprintf(want, sizeof want, "socket:[%lu]", inode);
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    bool found = false;
    for (struct dirent *e; !found && (e = readdir(dir));) {
        ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof link - 1);
        if (n > 0) {
            link[n] = 0;
            found = strcmp(link, want) == 0;
        }
    }
    closedir(dir);
    return found;
}

static void read_name(const char *pid, char *to, size_t size)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    snprintf(to, size, "?");
    FILE *f = fopen(path, "re");
    if (!f)
        return;
    if (fgets(to, (int)size, f))
        to[strcspn(to, "\n")] = 0;
    fclose(f);
}

void ktg_port_holder(uint16_t port, char *to, size_t size)
{
    snprintf(to, size, "an unknown process");
    unsigned long inode = listener_in("/proc/net/tcp", port);
    if (!inode)
        inode = listener_in("/proc/net/tcp6", port);
    DIR *proc = inode ? opendir("/proc") : NULL;
    if (!proc)
        return;
    for (struct dirent *e; (e = readdir(proc));) {
        if (!isdigit((unsigned char)e->d_name[0]) || !has_socket(e->d_name, inode))
            continue;
        char name[32];
        read_name(e->d_name, name, sizeof name);
        snprintf(to, size, "pid %.10s (%s)", e->d_name, name);
        break;
    }
    closedir(proc);
}
