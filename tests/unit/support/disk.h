/* disk: a disk in memory behind persist's file_ops, which fails where the test says so.
 *
 * disk_start puts an empty one there; disk_end frees it and gives the system's back. A test may look into
 * and change the files by hand between calls. What was done is noted as letters in `done`: o open, w write (one
 * for writes in a row), s fsync, c close, r rename, u unlink, t truncate, d fsync of a directory. */
#ifndef UNIT_SUPPORT_DISK_H
#define UNIT_SUPPORT_DISK_H

#include "persist/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISK_FILES 4

struct disk_file {
    char path[200]; /* "": there is none */
    char *data;
    size_t len, cap;
};

static struct disk {
    struct disk_file files[DISK_FILES];
    struct disk_file *open; /* one at a time */
    size_t at;
    size_t most;         /* bytes that a read or write takes; 0: all */
    uint64_t room;       /* bytes until the disk is full */
    unsigned fail_after; /* that many operations succeed, one fails with `why` */
    int why;
    unsigned interrupts; /* reads and writes that EINTR interrupts, from now on */
    char done[400];
} disk;

static inline struct disk_file *disk_find(const char *path)
{
    for (unsigned i = 0; i < DISK_FILES; i++)
        if (strcmp(disk.files[i].path, path) == 0)
            return &disk.files[i];
    return NULL;
}

static inline void disk_append(struct disk_file *f, const void *bytes, size_t len)
{
    if (f->len + len > f->cap) {
        f->cap = 2 * (f->len + len);
        f->data = realloc(f->data, f->cap);
    }
    if (len)
        memcpy(f->data + f->len, bytes, len);
    f->len += len;
}

/* Makes or replaces a file. */
static inline struct disk_file *disk_put(const char *path, const void *bytes, size_t len)
{
    struct disk_file *f = disk_find(path) ? disk_find(path) : disk_find("");
    if (!f)
        abort();
    snprintf(f->path, sizeof f->path, "%s", path);
    f->len = 0;
    disk_append(f, bytes, len);
    return f;
}

static inline void disk_drop(struct disk_file *f)
{
    free(f->data);
    *f = (struct disk_file){0};
}

/* Notes the operation; false with errno when it shall fail. */
static inline bool disk_does(char letter)
{
    size_t len = strlen(disk.done);
    if (len + 1 < sizeof disk.done && !(letter == 'w' && len && disk.done[len - 1] == 'w')) {
        disk.done[len] = letter;
        disk.done[len + 1] = 0;
    }
    if (disk.fail_after-- > 0)
        return true;
    disk.fail_after = UINT32_MAX;
    errno = disk.why;
    return false;
}

static inline int disk_open(const char *path, int flags, mode_t mode)
{
    (void)mode;
    struct disk_file *f = disk_find(path);
    if (!disk_does('o'))
        return -1;
    if (!f && !(flags & O_CREAT)) {
        errno = ENOENT;
        return -1;
    }
    if (!f || flags & O_TRUNC)
        f = disk_put(path, "", 0);
    disk.open = f;
    disk.at = 0;
    return 7;
}

static inline bool disk_interrupted(void)
{
    if (!disk.interrupts)
        return false;
    disk.interrupts--;
    errno = EINTR;
    return true;
}

static inline ssize_t disk_read(int fd, void *into, size_t len)
{
    (void)fd;
    size_t left = disk.open->len - disk.at;
    if (disk_interrupted() || !disk_does('R'))
        return -1;
    len = disk.most && disk.most < len ? disk.most : len;
    len = left < len ? left : len;
    memcpy(into, disk.open->data + disk.at, len);
    disk.at += len;
    return (ssize_t)len;
}

static inline ssize_t disk_write(int fd, const void *bytes, size_t len)
{
    (void)fd;
    if (disk_interrupted() || !disk_does('w'))
        return -1;
    len = disk.most && disk.most < len ? disk.most : len;
    len = disk.room < len ? disk.room : len;
    if (!len) {
        errno = ENOSPC;
        return -1;
    }
    disk.room -= len;
    disk_append(disk.open, bytes, len);
    return (ssize_t)len;
}

static inline int disk_fsync(int fd)
{
    (void)fd;
    return disk_does('s') ? 0 : -1;
}

static inline int disk_close(int fd)
{
    (void)fd;
    disk.open = NULL; /* also when it fails, as the system does */
    return disk_does('c') ? 0 : -1;
}

static inline int disk_rename(const char *from, const char *to)
{
    if (!disk_does('r'))
        return -1;
    struct disk_file *f = disk_find(from), *old = disk_find(to);
    if (!f)
        abort();
    if (old)
        disk_drop(old);
    snprintf(f->path, sizeof f->path, "%s", to);
    return 0;
}

static inline int disk_unlink(const char *path)
{
    if (!disk_does('u'))
        return -1;
    struct disk_file *f = disk_find(path);
    if (!f) {
        errno = ENOENT;
        return -1;
    }
    disk_drop(f);
    return 0;
}

static inline int disk_truncate(int fd, off_t len)
{
    (void)fd;
    if (!disk_does('t') || (size_t)len > disk.open->len)
        return -1;
    disk.open->len = (size_t)len;
    return 0;
}

static inline off_t disk_size(int fd)
{
    (void)fd;
    return (off_t)disk.open->len;
}

static inline int disk_fsync_directory(const char *path)
{
    (void)path;
    return disk_does('d') ? 0 : -1;
}

/* Nothing fails from now on, and nothing was done yet. */
static inline void disk_heal(void)
{
    disk.most = disk.interrupts = 0;
    disk.room = UINT64_MAX;
    disk.fail_after = UINT32_MAX;
    disk.done[0] = 0;
}

static inline void disk_start(void)
{
    static const struct file_ops ops = {
        .open = disk_open,
        .read = disk_read,
        .write = disk_write,
        .fsync = disk_fsync,
        .close = disk_close,
        .rename = disk_rename,
        .unlink = disk_unlink,
        .truncate = disk_truncate,
        .size = disk_size,
        .fsync_directory = disk_fsync_directory,
    };
    disk = (struct disk){0};
    disk_heal();
    file_ops = &ops;
}

static inline void disk_end(void)
{
    for (unsigned i = 0; i < DISK_FILES; i++)
        disk_drop(&disk.files[i]);
    file_ops = &file_system;
}

#endif
