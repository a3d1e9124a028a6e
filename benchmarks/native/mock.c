/* A provider that answers at once, with bodies that were made beforehand.
 *
 *   mock 9101:application/json:small.body 9102:text/event-stream:sse.body
 *
 * On each port, whatever is asked is answered with that port's body, from memory. Bodies that nginx sends from a file
 * cost this end and the reader twice as much: page by page, where memory goes by large pieces. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "message.h"

struct port {
  int fd;
  char *answer; /* with its headers */
  size_t size;
};

struct connection {
  int fd;
  const struct port *port;
  size_t left; /* bytes of the answer that are still to be sent; 0 while a request is read */
  struct message request;
};

static int epoll_fd;
static struct port ports[64];
static size_t port_count;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int operation, int fd, uint32_t events, void *what) {
  struct epoll_event event = {.events = events, .data.ptr = what};
  if (epoll_ctl(epoll_fd, operation, fd, &event)) fail("epoll_ctl");
}

static void listen_on(char *words) {
  char *type = strchr(words, ':'), *name = type ? strchr(type + 1, ':') : NULL, head[512];
  FILE *file = name ? fopen(name + 1, "rb") : NULL;
  if (!file || port_count == sizeof ports / sizeof *ports) fail(words);
  *name = 0;
  fseek(file, 0, SEEK_END);
  long body = ftell(file);
  rewind(file);
  int length = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %ld\r\n\r\n", type + 1, body);
  struct port *p = &ports[port_count++];
  p->size = (size_t)length + (size_t)body;
  if (!(p->answer = malloc(p->size))) fail("memory");
  memcpy(p->answer, head, (size_t)length);
  if (fread(p->answer + length, 1, (size_t)body, file) != (size_t)body) fail(name + 1);
  fclose(file);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(p->fd, (struct sockaddr *)&at, sizeof at) || listen(p->fd, 8192)) fail(words);
  watch(EPOLL_CTL_ADD, p->fd, EPOLLIN, p);
}

static void take_in(struct port *p) {
  for (int fd; (fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
    struct connection *c = calloc(1, sizeof *c);
    if (!c) fail("memory");
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->fd = fd;
    c->port = p;
    message_expect(&c->request, true);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, c);
  }
}

static void leave(struct connection *c) {
  close(c->fd);
  free(c);
}

static void serve(struct connection *c) {
  bool began = false;
  if (!c->left) {
    enum progress progress = message_read(&c->request, c->fd);
    if (progress == BROKEN) leave(c);
    if (progress != DONE) return;
    c->left = c->port->size;
    began = true;
  }
  while (c->left) {
    ssize_t sent = send(c->fd, c->port->answer + c->port->size - c->left, c->left, MSG_NOSIGNAL);
    if (sent > 0) {
      c->left -= (size_t)sent;
    } else if (errno == EAGAIN || errno == EINTR) {
      if (began) watch(EPOLL_CTL_MOD, c->fd, EPOLLOUT, c);
      return;
    } else {
      leave(c);
      return;
    }
  }
  if (c->request.closes) {
    leave(c);
    return;
  }
  message_expect(&c->request, true);
  if (!began) watch(EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
}

int main(int argc, char **argv) {
  struct epoll_event events[512];
  if (argc < 2 || (epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0) return 2;
  for (int i = 1; i < argc; i++) listen_on(argv[i]);
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, 512, -1);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < ready; i++) {
      void *what = events[i].data.ptr;
      if (what >= (void *)ports && what < (void *)(ports + port_count)) take_in(what);
      else serve(what);
    }
  }
}
