/* Watches what a process does to the files below one directory: counts syncs and writes, makes syncs slower, makes them
   fail, makes the disk full, and keeps a log of every write, sync, removal and renaming from which the disk after a loss
   of power can be made.

   Preloaded (LD_PRELOAD). $CONFERENCEKIT_DISK_UNDER: the directory. $CONFERENCEKIT_DISK_CONTROL: a file of numbers that
   all processes share. $CONFERENCEKIT_DISK_LOG: where the log goes, if there is to be one. `disk.py` is the other end. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SYNCS, WRITES, BYTES, ROOM, DELAY, FAILING, SLOTS };  /* the numbers in the control file; DELAY in microseconds */
enum { WRITE = 1, TRUNCATE, SYNC_BEGINS, SYNC_ENDS, SYNC_FAILS, UNLINK, RENAME };  /* what a record of the log says */

struct head {                                            /* of a record; then the path, then the bytes */
    uint32_t size;
    uint8_t what;
    uint8_t unused;
    uint16_t path;
    uint64_t offset;                                     /* of a sync: the number that its end repeats. The bytes of a
                                                            renaming: the new path */
} __attribute__((packed));

static const char *under;
static size_t under_length;
static volatile uint64_t *shared;
static int log_wanted, log_fd = -1;
static pid_t log_owner;
static uint64_t syncs_logged;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static ssize_t (*real_pwritev2)(int, const struct iovec *, int, off_t, int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_msync)(void *, size_t, int);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_renameat)(int, const char *, int, const char *);

static void after_fork(void) { pthread_mutex_init(&turn, NULL); }

__attribute__((constructor)) static void begin(void) {
    if (real_write) return;
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_pwritev = dlsym(RTLD_NEXT, "pwritev");
    real_pwritev2 = dlsym(RTLD_NEXT, "pwritev2");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_msync = dlsym(RTLD_NEXT, "msync");
    real_unlinkat = dlsym(RTLD_NEXT, "unlinkat");
    real_renameat = dlsym(RTLD_NEXT, "renameat");
    const char *control = getenv("CONFERENCEKIT_DISK_CONTROL");
    under = getenv("CONFERENCEKIT_DISK_UNDER");          /* copied below: PostgreSQL writes its title over it */
    if (!control || !under) return;
    if (!(under = strdup(under))) return;
    under_length = strlen(under);
    log_wanted = getenv("CONFERENCEKIT_DISK_LOG") != NULL;
    int fd = open(control, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *mapped = mmap(NULL, SLOTS * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED) shared = mapped;
    pthread_atfork(NULL, NULL, after_fork);
}

static int is_below(const char *path) {
    return !strncmp(path, under, under_length) && path[under_length] == '/' && path[under_length + 1];
}

/* The path of an open file below the directory; its length, or 0 where it is another. */
static size_t watched(int fd, char *path, size_t size) {
    if (!shared || fd < 0) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int before = errno;
    ssize_t length = readlink(link, path, size - 1);
    errno = before;
    if (length <= 0) return 0;
    path[length] = 0;
    if (!is_below(path)) return 0;
    size_t named = strcspn(path, " ");                   /* a file that was removed: "PATH (deleted)" */
    return strstr(path, " (deleted)") && path[named] == ' ' ? 0 : (size_t)length;
}

static void count(int slot, uint64_t by) { __atomic_fetch_add(&shared[slot], by, __ATOMIC_SEQ_CST); }

/* The order of the log is the order of the operations: whoever holds the turn does one and writes it down. */
static void take_turn(void) {
    if (!log_wanted) return;
    pthread_mutex_lock(&turn);
    if (log_owner != getpid()) {
        log_fd = open(getenv("CONFERENCEKIT_DISK_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        log_owner = getpid();
        syncs_logged = (uint64_t)log_owner << 32;
    }
    while (flock(log_fd, LOCK_EX) < 0 && errno == EINTR) {}
}

static void end_turn(void) {
    if (!log_wanted) return;
    flock(log_fd, LOCK_UN);
    pthread_mutex_unlock(&turn);
}

static void note(uint8_t what, const char *path, size_t length, uint64_t offset, const struct iovec *pieces, int n,
                 size_t size) {
    if (!log_wanted || log_fd < 0) return;
    struct head head = {(uint32_t)size, what, 0, (uint16_t)(length - under_length - 1), offset};
    struct iovec all[3] = {{&head, sizeof head}, {(void *)(path + under_length + 1), head.path}, {NULL, 0}};
    real_writev(log_fd, all, 2);
    for (int each = 0; each < n && size; each++) {
        size_t part = pieces[each].iov_len < size ? pieces[each].iov_len : size;
        real_write(log_fd, pieces[each].iov_base, part);
        size -= part;
    }
}

/* Whether the bytes still fit on the disk; only what makes the file longer needs room. */
static int has_room(int fd, uint64_t offset, uint64_t size) {
    if (shared[ROOM] == UINT64_MAX) return 1;
    struct stat about;
    if (fstat(fd, &about) || offset + size <= (uint64_t)about.st_size) return 1;
    uint64_t needed = offset + size - (uint64_t)about.st_size;
    if (needed > shared[ROOM]) return 0;
    __atomic_fetch_sub(&shared[ROOM], needed, __ATOMIC_SEQ_CST);
    return 1;
}

static size_t total(const struct iovec *pieces, int n) {
    size_t size = 0;
    for (int each = 0; each < n; each++) size += pieces[each].iov_len;
    return size;
}

/* `offset` < 0: where the file stands, or at its end. */
static ssize_t written(int fd, const struct iovec *pieces, int n, off_t offset) {
    char path[4096];
    size_t length = watched(fd, path, sizeof path);
    if (!length) return offset < 0 ? real_writev(fd, pieces, n) : real_pwritev(fd, pieces, n, offset);
    take_turn();
    int flags = fcntl(fd, F_GETFL);
    off_t at = offset >= 0 ? offset : flags & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
    ssize_t done = -1;
    if (!has_room(fd, (uint64_t)at, total(pieces, n))) {
        errno = ENOSPC;
    } else {
        done = offset < 0 ? real_writev(fd, pieces, n) : real_pwritev(fd, pieces, n, offset);
    }
    int before = errno;
    if (done > 0) {
        count(WRITES, 1);
        count(BYTES, (uint64_t)done);
        note(WRITE, path, length, (uint64_t)at, pieces, n, (size_t)done);
        if (flags & O_DSYNC) {
            count(SYNCS, 1);
            note(SYNC_BEGINS, path, length, ++syncs_logged, NULL, 0, 0);
            note(SYNC_ENDS, path, length, syncs_logged, NULL, 0, 0);
        }
    }
    end_turn();
    errno = before;
    return done;
}

/* Whether this sync is one of those that are to fail. */
static int fails(void) {
    uint64_t left = shared[FAILING];
    while (left && left != UINT64_MAX)
        if (__atomic_compare_exchange_n(&shared[FAILING], &left, left - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) break;
    return left != 0;
}

/* Whether it is the directory itself: its syncs, which keep names, are logged and not counted. */
static int is_top(int fd) {
    struct stat here, top;
    return shared && log_wanted && !fstat(fd, &here) && S_ISDIR(here.st_mode) && !stat(under, &top) &&
           here.st_dev == top.st_dev && here.st_ino == top.st_ino;
}

/* As long as a sync is to take longer; DELAY may be changed meanwhile. */
static void linger(void) {
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t gone = (int64_t)(now.tv_sec - began.tv_sec) * 1000000 + (now.tv_nsec - began.tv_nsec) / 1000;
        int64_t left = (int64_t)shared[DELAY] - gone;
        if (left <= 0) return;
        struct timespec nap = {0, (long)(left < 10000 ? left : 10000) * 1000};
        nanosleep(&nap, NULL);
    }
}

static int synced(int fd, int (*real)(int)) {
    char path[4096];
    size_t length = watched(fd, path, sizeof path);
    int top = !length && is_top(fd);
    if (!length && !top) return real(fd);
    if (top) length = under_length + 1;
    take_turn();
    uint64_t number = ++syncs_logged;
    note(SYNC_BEGINS, path, length, number, NULL, 0, 0);
    end_turn();
    int done = fails() ? (errno = EIO, -1) : real(fd), before = errno;
    if (shared[DELAY]) linger();
    if (!done && !top) count(SYNCS, 1);
    take_turn();
    note(done ? SYNC_FAILS : SYNC_ENDS, path, length, number, NULL, 0, 0);
    end_turn();
    errno = before;
    return done;
}

/* The path of a name below the directory, with the links on the way to it resolved; its length, or 0. */
static size_t named(int dir, const char *name, char *path, size_t size) {
    char whole[4096], folder[4096];
    int before = errno;
    if (!shared || !log_wanted) return 0;
    if (*name == '/') snprintf(whole, sizeof whole, "%s", name);
    else if (dir == AT_FDCWD) snprintf(whole, sizeof whole, "./%s", name);
    else snprintf(whole, sizeof whole, "/proc/self/fd/%d/%s", dir, name);
    char *last = strrchr(whole, '/');
    *last = 0;
    char *found = realpath(*whole ? whole : "/", folder);
    errno = before;
    if (!found) return 0;
    int length = snprintf(path, size, "%s/%s", folder, last + 1);
    return length > 0 && (size_t)length < size && is_below(path) ? (size_t)length : 0;
}

static int removed(int dir, const char *name, int flags) {
    char path[8192];
    size_t length = flags ? 0 : named(dir, name, path, sizeof path);
    if (!length) return real_unlinkat(dir, name, flags);
    take_turn();
    int done = real_unlinkat(dir, name, flags), before = errno;
    if (!done) note(UNLINK, path, length, 0, NULL, 0, 0);
    end_turn();
    errno = before;
    return done;
}

static int renamed(int dir, const char *name, int to_dir, const char *to) {
    char path[8192], target[8192];
    size_t length = named(dir, name, path, sizeof path), to_length = named(to_dir, to, target, sizeof target);
    if (!length || !to_length) return real_renameat(dir, name, to_dir, to);
    struct iovec piece = {target + under_length + 1, to_length - under_length - 1};
    take_turn();
    int done = real_renameat(dir, name, to_dir, to), before = errno;
    if (!done) note(RENAME, path, length, 0, &piece, 1, piece.iov_len);
    end_turn();
    errno = before;
    return done;
}

static int truncated(int fd, off_t size) {
    char path[4096];
    size_t length = watched(fd, path, sizeof path);
    if (!length) return real_ftruncate(fd, size);
    take_turn();
    int done = real_ftruncate(fd, size), before = errno;
    if (!done) note(TRUNCATE, path, length, (uint64_t)size, NULL, 0, 0);
    end_turn();
    errno = before;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    struct iovec piece = {(void *)bytes, size};
    if (!real_write) begin();                            /* another library's constructor may come first */
    return shared ? written(fd, &piece, 1, -1) : real_write(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    struct iovec piece = {(void *)bytes, size};
    return shared && offset >= 0 ? written(fd, &piece, 1, offset) : real_pwrite(fd, bytes, size, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int n) {
    return shared ? written(fd, pieces, n, -1) : real_writev(fd, pieces, n);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int n, off_t offset) {
    return shared && offset >= 0 ? written(fd, pieces, n, offset) : real_pwritev(fd, pieces, n, offset);
}

ssize_t pwritev2(int fd, const struct iovec *pieces, int n, off_t offset, int flags) {
    return shared && offset >= 0 && !flags ? written(fd, pieces, n, offset) : real_pwritev2(fd, pieces, n, offset, flags);
}

ssize_t pwritev64v2(int fd, const struct iovec *pieces, int n, off64_t offset, int flags) {
    return pwritev2(fd, pieces, n, offset, flags);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) { return pwrite(fd, bytes, size, offset); }
ssize_t pwritev64(int fd, const struct iovec *pieces, int n, off64_t offset) { return pwritev(fd, pieces, n, offset); }
int ftruncate(int fd, off_t size) { return truncated(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncated(fd, size); }
int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }
int unlink(const char *name) { return removed(AT_FDCWD, name, 0); }
int unlinkat(int dir, const char *name, int flags) { return removed(dir, name, flags); }
int rename(const char *name, const char *to) { return renamed(AT_FDCWD, name, AT_FDCWD, to); }
int renameat(int dir, const char *name, int to_dir, const char *to) { return renamed(dir, name, to_dir, to); }

int msync(void *start, size_t size, int flags) {
    int done = real_msync(start, size, flags);
    if (shared && !done && flags & MS_SYNC) count(SYNCS, 1);
    return done;
}
