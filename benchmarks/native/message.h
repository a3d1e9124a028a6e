/* Reads one HTTP/1.1 message after another from a socket, requests or answers: how many bytes of body it had, and of an
 * answer its status.
 *
 * Bytes of a body are thrown away in the kernel (MSG_TRUNC), so that two megabytes cost little more than two hundred. */

#ifndef MESSAGE_H
#define MESSAGE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum where { HEAD, SIZED, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, UNTIL_CLOSE };
enum progress { MORE, DONE, BROKEN };

struct message {
  enum where where;
  bool request;
  int status;       /* of an answer */
  int64_t left;     /* of the body, or of the chunk */
  int64_t body;     /* bytes of body so far */
  bool closes;      /* the server will close the connection */
  size_t have;      /* bytes in `text` that are not understood yet */
  char text[16384]; /* headers, chunk sizes, and what came along with them */
};

static void message_expect(struct message *m, bool request) {
  m->request = request;
  m->where = HEAD;
  m->status = 0;
  m->left = m->body = 0;
  m->closes = false;
  m->have = 0;
}

static void message_drop(struct message *m, size_t count) {
  m->have -= count;
  memmove(m->text, m->text + count, m->have);
}

static const char *message_header(const char *head, const char *name) {
  size_t length = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
    if (!strncasecmp(line + 2, name, length)) return line + 2 + length + strspn(line + 2 + length, " \t");
  return NULL;
}

/* Understands what `text` holds; MORE when it holds too little. */
static enum progress message_understand(struct message *m) {
  for (;;) {
    if (m->where == HEAD) {
      m->text[m->have] = 0;
      char *end = m->have ? strstr(m->text, "\r\n\r\n") : NULL;
      if (!end) return m->have + 1 < sizeof m->text ? MORE : BROKEN;
      end[2] = 0;
      if (!m->request && strncmp(m->text, "HTTP/1.", 7)) return BROKEN;
      m->status = m->request ? 0 : atoi(m->text + 9);
      const char *length = message_header(m->text, "content-length:"), *coding = message_header(m->text, "transfer-encoding:"),
                 *connection = message_header(m->text, "connection:");
      m->closes = (connection && !strncasecmp(connection, "close", 5)) || (!m->request && m->text[7] == '0' && !connection);
      m->left = length ? atoll(length) : 0;
      m->where = coding ? CHUNK_SIZE : length || m->request ? SIZED : UNTIL_CLOSE;
      message_drop(m, (size_t)(end - m->text) + 4);
    } else if (m->where == SIZED || m->where == CHUNK || m->where == UNTIL_CLOSE) {
      int64_t take = m->where == UNTIL_CLOSE || (int64_t)m->have < m->left ? (int64_t)m->have : m->left;
      m->body += take;
      m->left -= take;
      message_drop(m, (size_t)take);
      if (m->where == UNTIL_CLOSE || m->left) return MORE;
      if (m->where == SIZED) return m->have ? BROKEN : DONE;
      m->where = CHUNK_END;
    } else {
      char *end = memchr(m->text, '\n', m->have);
      if (!end) return m->have + 1 < sizeof m->text ? MORE : BROKEN;
      size_t line = (size_t)(end - m->text) + 1;
      if (m->where == CHUNK_SIZE) {
        m->left = strtoll(m->text, NULL, 16);
        m->where = m->left ? CHUNK : TRAILER;
      } else if (m->where == CHUNK_END) {
        m->where = CHUNK_SIZE;
      } else if (line <= 2) {
        return m->have == line ? DONE : BROKEN;
      }
      message_drop(m, line);
    }
  }
}

/* Takes what the socket has. */
static enum progress message_read(struct message *m, int fd) {
  for (;;) {
    bool inside = m->where == SIZED || m->where == CHUNK, skip = inside && !m->have && m->left > 0;
    ssize_t got = skip ? recv(fd, NULL, (size_t)m->left, MSG_TRUNC | MSG_DONTWAIT)
                       : recv(fd, m->text + m->have, sizeof m->text - 1 - m->have, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? MORE : BROKEN;
    if (got == 0) return m->where == UNTIL_CLOSE && m->status ? DONE : BROKEN;
    if (skip) {
      m->left -= got;
      m->body += got;
      if (m->left) continue;
      if (m->where == SIZED) return DONE;
      m->where = CHUNK_END;
      continue;
    }
    m->have += (size_t)got;
    enum progress progress = message_understand(m);
    if (progress != MORE) return progress;
  }
}

#endif
