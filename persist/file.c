#include "persist/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_open(const char *path, int flags, mode_t mode)
{
    return open(path, flags | O_CLOEXEC, mode);
}

static off_t system_size(int fd)
{
    struct stat s;
    return fstat(fd, &s) < 0 ? -1 : s.st_size;
}

static int system_fsync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = fsync(fd), why = errno;
    close(fd);
    errno = why;
    return result;
}

const struct file_ops file_system = {
    .open = system_open,
    .read = read,
    .write = write,
    .fsync = fsync,
    .close = close,
    .rename = rename,
    .unlink = unlink,
    .truncate = ftruncate,
    .size = system_size,
    .fsync_directory = system_fsync_directory,
};

const struct file_ops *file_ops = &file_system;

bool file_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len) {
        ssize_t n = file_ops->write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (n == 0) /* no error, and no progress: more of the same would never end */
                errno = EIO;
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

ssize_t file_read_all(int fd, void *into, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = file_ops->read(fd, (char *)into + got, len - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}
