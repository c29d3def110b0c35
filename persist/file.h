/* file: the seam through which persist touches the disk.
 *
 * Everything that this room does to a file or directory goes through file_ops, so that a test can
 * script short writes, a full disk and failing syncs, and record what was done in which order.
 * The functions mean what the system's of the same name do: -1 and errno on failure. */
#ifndef PERSIST_FILE_H
#define PERSIST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct file_ops {
    int (*open)(const char *path, int flags, mode_t mode);
    ssize_t (*read)(int fd, void *into, size_t len);
    ssize_t (*write)(int fd, const void *bytes, size_t len);
    int (*fsync)(int fd);
    int (*close)(int fd);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    int (*truncate)(int fd, off_t len);
    off_t (*size)(int fd);
    int (*fsync_directory)(const char *path);
};

/* The system's functions. */
extern const struct file_ops file_system;

/* What this room calls; a test puts others here. */
extern const struct file_ops *file_ops;

/* Writes all of it, however short the writes are; false with errno. */
bool file_write_all(int fd, const void *bytes, size_t len);

/* Reads until len bytes are there or the file ends; the bytes read, -1 with errno. */
ssize_t file_read_all(int fd, void *into, size_t len);

#endif
