/* Counts, thread by thread, each call that takes memory or gives it back. Loaded before libc (LD_PRELOAD), it stands in front of malloc and
   its kin and of mmap and its kin. The counts lie in the file that CHRONUS_ALLOCATIONS names, mapped by every process that is told of it:
   one row a thread, so that no two threads write the same place and anybody can read.

   cc -shared -fPIC -O2 -o allocations.so allocations.c */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROWS 8191

struct row {
    long thread, taken, given_back, bytes;
};

static struct table {
    atomic_long used;
    long spare[3];
    struct row rows[ROWS];
} *table;

/* in the library's own part of each thread's storage: finding it allocates nothing */
static __thread struct row *mine __attribute__((tls_model("initial-exec")));

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static void forked(void) { mine = NULL; }

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CHRONUS_ALLOCATIONS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *place = (void *)syscall(SYS_mmap, NULL, sizeof(struct table), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
        if (place != MAP_FAILED) table = place;
    }
    pthread_atfork(NULL, NULL, forked);
}

static struct row *own(void) {
    if (!mine) {
        long place = atomic_fetch_add(&table->used, 1);
        mine = &table->rows[place < ROWS ? place : ROWS - 1];
        mine->thread = syscall(SYS_gettid);
    }
    return mine;
}

static void take(size_t bytes) {
    if (table) {
        own()->taken++;
        mine->bytes += bytes;
    }
}

static void give_back(void) {
    if (table) own()->given_back++;
}

void *malloc(size_t bytes) { take(bytes); return __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { take(count * bytes); return __libc_calloc(count, bytes); }
void *realloc(void *place, size_t bytes) { take(bytes); return __libc_realloc(place, bytes); }
void *reallocarray(void *place, size_t count, size_t bytes) { take(count * bytes); return __libc_realloc(place, count * bytes); }
void *memalign(size_t edge, size_t bytes) { take(bytes); return __libc_memalign(edge, bytes); }
void *aligned_alloc(size_t edge, size_t bytes) { take(bytes); return __libc_memalign(edge, bytes); }
int posix_memalign(void **place, size_t edge, size_t bytes) {
    take(bytes);
    void *found = __libc_memalign(edge, bytes);
    if (found) *place = found;
    return found ? 0 : ENOMEM;
}
void free(void *place) { if (place) give_back(); __libc_free(place); }

void *mmap(void *place, size_t bytes, int access, int flags, int file, off_t at) {
    take(bytes);
    return (void *)syscall(SYS_mmap, place, bytes, access, flags, file, at);
}
void *mmap64(void *place, size_t bytes, int access, int flags, int file, off_t at) { return mmap(place, bytes, access, flags, file, at); }
int munmap(void *place, size_t bytes) { give_back(); return syscall(SYS_munmap, place, bytes); }
void *mremap(void *place, size_t before, size_t bytes, int flags, ...) {
    va_list more;
    va_start(more, flags);
    void *to = va_arg(more, void *);
    va_end(more);
    take(bytes);
    return (void *)syscall(SYS_mremap, place, before, bytes, flags, to);
}
