/* Preloaded into the command: ends the process, or makes calls fail, at the n-th step that writes to a
 * file; and sets the clock. Environment: BREAK_AT (from 1), BREAK_WITH ("kill" or an errno; an errno
 * lasts from that step on), CLOCK_AHEAD (seconds; below 0 it is put back), CLOCK_AFTER (milliseconds
 * after the first look at it; 0 unless told). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* 1: the call fails with errno set. */
static int breaks(void) {
  static long count;
  const char* at = getenv("BREAK_AT");
  const char* with = getenv("BREAK_WITH");
  if (at == NULL || with == NULL || ++count < atol(at)) return 0;
  if (strcmp(with, "kill") == 0) raise(SIGKILL);
  errno = atoi(with);
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void* bytes, size_t size) {
  struct stat facts;
  if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode)) {
    /* Half of it goes out first: a torn write. */
    if (getenv("BREAK_AT") != NULL && size > 1) {
      const ssize_t half = REAL(write)(file, bytes, size / 2);
      if (half < 0 || breaks()) return -1;
      const ssize_t rest = REAL(write)(file, (const char*)bytes + half, size - (size_t)half);
      return rest < 0 ? rest : half + rest;
    }
  }
  return REAL(write)(file, bytes, size);
}

int fsync(int file) { return breaks() ? -1 : REAL(fsync)(file); }

int renameat(int from, const char* old_name, int to, const char* new_name) {
  return breaks() ? -1 : REAL(renameat)(from, old_name, to, new_name);
}

/* Removing needs no room: it fails on no full disk. */
int unlinkat(int folder, const char* name, int flags) {
  breaks();
  return REAL(unlinkat)(folder, name, flags);
}

int mkdirat(int folder, const char* name, mode_t mode) {
  return breaks() ? -1 : REAL(mkdirat)(folder, name, mode);
}

int openat(int folder, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if ((flags & O_CREAT) != 0 && breaks()) return -1;
  return REAL(openat)(folder, name, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  const int result = REAL(clock_gettime)(clock, time);
  const char* ahead = getenv("CLOCK_AHEAD");
  const char* after = getenv("CLOCK_AFTER");
  if (result != 0 || clock != CLOCK_REALTIME || ahead == NULL) return result;
  static struct timespec first;
  if (first.tv_sec == 0) first = *time;
  const long passed = (time->tv_sec - first.tv_sec) * 1000 + (time->tv_nsec - first.tv_nsec) / 1000000;
  if (after == NULL || passed >= atol(after)) time->tv_sec += atol(ahead);
  return result;
}
