/* What a disk holds after a power cut: the files of one folder as they were last synced.
 *
 * Preloaded (LD_PRELOAD) into a process. After an fsync of a file in the folder DRILL_FOLDER its
 * whole content is copied to DRILL_DISK/INODE; after an fsync of the folder itself its list of
 * names is written to DRILL_DISK/names, as lines "INODE NAME". Whatever was written, truncated,
 * made or deleted and not synced since is not there: stricter than any real disk, which keeps
 * some of it by luck. Each copy takes its name when it is whole, so a killed process leaves the
 * one before. Linux only, for /proc.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody could tell a copy that failed from a file that was never synced. */
static void check(int fine) {
    if (!fine) {
        perror("last_sync");
        abort();
    }
}

static void copy(int from, int to) {
    char block[65536];
    off_t place = 0;
    ssize_t count;
    /* Not through another descriptor of the file: closing it would drop SQLite's locks. */
    while ((count = pread(from, block, sizeof block, place)) > 0) {
        check(write(to, block, count) == count);
        place += count;
    }
    check(count == 0);
}

static void list(const char *folder, int to) {
    struct dirent *entry;
    DIR *names = opendir(folder);
    check(names != NULL);
    while ((entry = readdir(names)) != NULL)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            check(dprintf(to, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name) > 0);
    closedir(names);
}

static void remember(int descriptor) {
    const char *folder = getenv("DRILL_FOLDER"), *disk = getenv("DRILL_DISK");
    char by_number[64], path[PATH_MAX], unfinished[PATH_MAX], finished[PATH_MAX];
    struct stat found;
    ssize_t length;
    int to;

    if (!folder || !disk || fstat(descriptor, &found))
        return;
    snprintf(by_number, sizeof by_number, "/proc/self/fd/%d", descriptor);
    length = readlink(by_number, path, sizeof path - 1);
    if (length < 0)
        return;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)))
        return;
    snprintf(unfinished, sizeof unfinished, "%s/unfinished-%d-%d", disk, getpid(), gettid());
    to = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    check(to >= 0);
    if (S_ISDIR(found.st_mode)) {
        list(folder, to);
        snprintf(finished, sizeof finished, "%s/names", disk);
    } else {
        copy(descriptor, to);
        snprintf(finished, sizeof finished, "%s/%lu", disk, (unsigned long)found.st_ino);
    }
    check(close(to) == 0);
    check(rename(unfinished, finished) == 0);
}

int fsync(int descriptor) {
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(descriptor);
    if (result == 0)
        remember(descriptor);
    return result;
}

int fdatasync(int descriptor) {
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(descriptor);
    if (result == 0)
        remember(descriptor);
    return result;
}
