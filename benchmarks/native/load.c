/* Asks an HTTP server for the same thing over many connections, and tells how it was served, as JSON.
 *
 *   load --port 8080 --request FILE --connections 32 --warmup 0.5 --seconds 3 --least 300 --most 4000
 *
 * Closed loop: each connection asks again as soon as it was answered. With --rate R requests fall due R times a second
 * whatever happens, and are timed from then: what waits because the server is slow counts as the server's slowness.
 * With --once each connection asks once. FILE holds the whole request, with its headers. An answer is good when its
 * status is 200 and its body has from --least to --most bytes. Lines "begin" and "end" mark the time that is measured:
 * --seconds, and where answers are slow up to four times as long, until each connection had three of them. What is under
 * way at its end is still waited for, and not counted. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "message.h"
#include "sample.h"

struct connection {
  int fd;
  bool busy, waits_to_write;
  size_t sent;
  uint64_t due, first, begun;
  struct message answer;
};

static char request[8 << 20];
static size_t request_size;
static int port = 8080, epoll_fd;
static size_t connections = 1, busy, idle_count;
static struct connection *all;
static uint32_t *idle;
static double warmup = 0.5, seconds = 3, rate, longest = 60;
static int64_t least, most = INT64_MAX, smallest = INT64_MAX, largest;
static bool once, counting;
static uint64_t answered, statuses[600], wrong_size, broken, late, all_broken;
static struct sample whole, first_byte;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void open_connection(struct connection *c) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  if ((c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0) fail("socket");
  if (connect(c->fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fcntl(c->fd, F_SETFL, O_NONBLOCK)) fail("fcntl");
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(c - all)};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
  c->waits_to_write = false;
}

static void reopen(struct connection *c) {
  close(c->fd);
  open_connection(c);
}

static void rest(struct connection *c) {
  if (c->busy) busy--;
  c->busy = false;
  idle[idle_count++] = (uint32_t)(c - all);
}

static void lost(struct connection *c, uint64_t *counter) {
  if (counting) (*counter)++;
  if (++all_broken > 20000) fail("too many broken connections");
  reopen(c);
  rest(c);
}

static void write_on(struct connection *c) {
  while (c->sent < request_size) {
    ssize_t sent = send(c->fd, request + c->sent, request_size - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return; /* reading will tell what is wrong */
    if (sent > 0) c->sent += (size_t)sent;
    if (sent < 0) break;
  }
  bool wait = c->sent < request_size;
  if (wait == c->waits_to_write) return;
  struct epoll_event event = {.events = EPOLLIN | (wait ? EPOLLOUT : 0), .data.u32 = (uint32_t)(c - all)};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event)) fail("epoll_ctl");
  c->waits_to_write = wait;
}

static void ask(uint64_t due) {
  struct connection *c = &all[idle[--idle_count]];
  c->busy = true;
  busy++;
  c->sent = 0;
  c->first = 0;
  c->due = due;
  c->begun = now_ns();
  message_expect(&c->answer, false);
  write_on(c);
}

static void count(struct connection *c, uint64_t now) {
  if (!counting) return;
  answered++;
  statuses[c->answer.status > 0 && c->answer.status < 600 ? c->answer.status : 0]++;
  if (c->answer.status != 200) return;
  if (c->answer.body < smallest) smallest = c->answer.body;
  if (c->answer.body > largest) largest = c->answer.body;
  if (c->answer.body < least || c->answer.body > most) wrong_size++;
  sample_add(&whole, now - c->due);
  sample_add(&first_byte, c->first - c->due);
}

static void serve(struct connection *c, uint32_t events) {
  if (events & EPOLLOUT) write_on(c);
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  if (!c->busy) { /* the server closed a connection at rest */
    reopen(c);
    return;
  }
  uint64_t woken = now_ns();
  enum progress progress = message_read(&c->answer, c->fd);
  if (!c->first && c->answer.body) c->first = woken; /* reading two megabytes takes a while */
  if (progress == MORE) return;
  if (progress == BROKEN) {
    lost(c, &broken);
    return;
  }
  if (!c->first) c->first = woken;
  count(c, now_ns());
  if (c->answer.closes || c->answer.where == UNTIL_CLOSE) reopen(c);
  rest(c);
}

/* Lets the time pass until the next thing happens, or until `until`. */
static void turn(uint64_t until) {
  struct epoll_event events[512];
  uint64_t now = now_ns(), wait = until > now ? until - now : 0;
  struct timespec time = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
  int ready = epoll_pwait2(epoll_fd, events, 512, &time, NULL);
  if (ready < 0 && errno != EINTR) fail("epoll");
  for (int i = 0; i < ready; i++) serve(&all[events[i].data.u32], events[i].events);
}

static void give_up_on_the_slow(void) {
  static uint64_t next;
  uint64_t now = now_ns();
  if (now < next) return;
  next = now + 100000000u;
  for (size_t i = 0; i < connections; i++)
    if (all[i].busy && now - all[i].begun > (uint64_t)(longest * 1e9)) lost(&all[i], &late);
}

int main(int argc, char **argv) {
  static struct option options[] = {{"port", 1, 0, 'p'},  {"request", 1, 0, 'r'}, {"connections", 1, 0, 'c'},
                                    {"warmup", 1, 0, 'w'}, {"seconds", 1, 0, 's'}, {"rate", 1, 0, 'R'},
                                    {"least", 1, 0, 'l'},  {"most", 1, 0, 'm'},    {"timeout", 1, 0, 't'},
                                    {"once", 0, 0, 'o'},   {0, 0, 0, 0}};
  FILE *file = NULL;
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (option == 'p') port = atoi(optarg);
    else if (option == 'r') file = fopen(optarg, "rb");
    else if (option == 'c') connections = (size_t)atoll(optarg);
    else if (option == 'w') warmup = atof(optarg);
    else if (option == 's') seconds = atof(optarg);
    else if (option == 'R') rate = atof(optarg);
    else if (option == 'l') least = atoll(optarg);
    else if (option == 'm') most = atoll(optarg);
    else if (option == 't') longest = atof(optarg);
    else if (option == 'o') once = true;
    else return 2;
  }
  if (!file || !(request_size = fread(request, 1, sizeof request, file))) fail("--request");
  all = calloc(connections, sizeof *all);
  idle = calloc(connections, sizeof *idle);
  if (!all || !idle || (epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("start");
  for (size_t i = connections; i-- > 0;) {
    open_connection(&all[i]);
    rest(&all[i]);
  }
  uint64_t start = now_ns(), asked = 0, begin = start + (uint64_t)((once ? 0 : warmup) * 1e9),
           end = begin + (uint64_t)(seconds * 1e9), begun = 0, ended = 0, due = 0, owed = 0, in_time = 0;
  double cpu = 0;
  for (;;) {
    uint64_t now = now_ns();
    if (!begun && now >= begin) {
      begun = now;
      cpu = cpu_seconds();
      counting = true;
      puts("begin");
      fflush(stdout);
    }
    bool enough = rate > 0 || answered >= 3 * connections || now >= begin + 4 * (end - begin);
    if (begun && !ended && (once ? asked == connections && !busy : now >= end && enough)) {
      ended = now;
      in_time = answered;
      cpu = cpu_seconds() - cpu;
      counting = rate > 0; /* what fell due in time is timed to its end, however late */
      for (uint64_t due; rate > 0 && (due = start + (uint64_t)((double)(asked + owed) / rate * 1e9)) <= now; owed++)
        sample_add(&whole, now - due); /* at least so long: it was never sent */
      puts("end");
      fflush(stdout);
    }
    if (ended && !busy) break;
    due = UINT64_MAX;
    if (rate > 0 && !ended) {
      while ((due = start + (uint64_t)((double)asked / rate * 1e9)) <= now && idle_count) {
        asked++;
        ask(due);
      }
      if (due <= now) due = UINT64_MAX; /* no connection is free: the next answer frees one */
    } else if (!ended) {
      while (idle_count && (!once || asked < connections)) {
        asked++;
        ask(now_ns());
      }
    }
    uint64_t until = now_ns() + 50000000u;
    if (!begun && begin < until) until = begin;
    if (begun && !ended && !once && now < end && end < until) until = end;
    turn(due < until ? due : until);
    give_up_on_the_slow();
  }
  double took = (double)(ended - begun) / 1e9;
  printf("{\"seconds\":%.6f,\"answers\":%llu,\"per_second\":%.3f,\"cpu\":%.6f", took, (unsigned long long)in_time,
         (double)in_time / took, cpu);
  printf(",\"wrong_size\":%llu,\"broken\":%llu,\"late\":%llu,\"unsent\":%llu,\"smallest\":%lld,\"largest\":%lld",
         (unsigned long long)wrong_size, (unsigned long long)broken, (unsigned long long)late, (unsigned long long)owed,
         (long long)(largest ? smallest : 0), (long long)largest);
  printf(",\"statuses\":{");
  for (int i = 0, some = 0; i < 600; i++)
    if (statuses[i]) printf("%s\"%d\":%llu", some++ ? "," : "", i, (unsigned long long)statuses[i]);
  printf("}");
  sample_print("latency", &whole);
  sample_print("first_byte", &first_byte);
  puts("}");
  return 0;
}
