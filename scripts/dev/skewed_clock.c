/* Makes the wall clock of one process wrong by CLOCK_OFFSET_MS milliseconds, when preloaded (LD_PRELOAD): for ./dev chaos only.
   The monotonic clock is left alone, as it is when an administrator or NTP sets the time. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long offset_ms(void) {
    const char *text = getenv("CLOCK_OFFSET_MS");
    return text ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static long offset, known;
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
    if (!known) {
        offset = offset_ms();
        known = 1;
    }
    long nanoseconds = now->tv_nsec + offset % 1000 * 1000000;
    now->tv_sec += offset / 1000 + (nanoseconds < 0 ? -1 : nanoseconds >= 1000000000);
    now->tv_nsec = nanoseconds < 0 ? nanoseconds + 1000000000 : nanoseconds % 1000000000;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return (time_t)-1;
    if (out) *out = precise.tv_sec;
    return precise.tv_sec;
}
