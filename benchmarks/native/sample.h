/* Times that were measured, and what is told of them at the end. */

#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct sample {
  uint32_t *values; /* microseconds */
  size_t count, room;
};

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double cpu_seconds(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void sample_add(struct sample *s, uint64_t ns) {
  if (s->count == s->room) {
    s->room = s->room ? 2 * s->room : 65536;
    s->values = realloc(s->values, s->room * sizeof *s->values);
    if (!s->values) abort();
  }
  s->values[s->count++] = (uint32_t)(ns / 1000);
}

static int sample_order(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* Prints `,"name":{"p50":…}` in milliseconds. */
static void sample_print(const char *name, struct sample *s) {
  static const double shares[] = {0.5, 0.9, 0.99, 0.999, 1};
  static const char *names[] = {"p50", "p90", "p99", "p999", "max"};
  printf(",\"%s\":{", name);
  if (s->count) qsort(s->values, s->count, sizeof *s->values, sample_order);
  for (int i = 0; i < 5 && s->count; i++) {
    size_t at = (size_t)(shares[i] * (double)s->count);
    printf("%s\"%s\":%.3f", i ? "," : "", names[i], s->values[at < s->count ? at : s->count - 1] / 1000.0);
  }
  printf("}");
}

#endif
