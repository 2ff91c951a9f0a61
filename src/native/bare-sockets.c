// Sockets for the proxy worker, without node:net's streams, which cost more than the rest of a request. Connections to unix
// sockets are made, read and written here. A client's connection, which is node:net's, can be sent to past its stream.
// One call limits how long a TCP connection of node:net's is silent.
// Four calls are for the worker itself: one closes its memory to other processes of its user, one shares a file's memory with hostd,
// one reads a link that is open, one gives back memory.
// Only moves bytes: no parsing, no policy, no memory that grows. An addon of its own, so that the unprivileged worker loads
// nothing else. bare-sockets.ts is the typed wrapper and says what each call is for.
//
// The connections are in an epoll set, which the event loop watches as one fd. A handle of libuv's for each connection would cost four
// more system calls than socket, connect, EPOLL_CTL_ADD and close, which also takes the fd out of the set.
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#define MOST_CONNECTIONS 65536
#define LONGEST_TEXT 65536
#define EVENTS_AT_ONCE 64
#define LARGEST_SHARE (64 * 1024 * 1024)

struct connection {
  int fd;           // -1: free
  uint32_t events;  // what is waited for; 0: it is not in the set
};

// One set for one event loop: only one thread loads the addon.
static struct connection connections[MOST_CONNECTIONS];
static int epoll_fd = -1;
static uv_poll_t poll_handle;
static int free_ids[MOST_CONNECTIONS];
static int free_count;
static int used_ids;
static napi_env main_env;
static napi_ref listener;
static unsigned char *shared;
static size_t shared_size;
static char text[LONGEST_TEXT];

static int to_int(napi_env env, napi_value value) {
  int number = -1;
  napi_get_value_int32(env, value, &number);
  return number;
}

static napi_value from_int(napi_env env, int number) {
  napi_value value;
  napi_create_int32(env, number, &value);
  return value;
}

static int arguments(napi_env env, napi_callback_info info, napi_value *values, size_t wanted) {
  size_t count = wanted;
  return napi_get_cb_info(env, info, &count, values, NULL, NULL) == napi_ok && count == wanted;
}

static struct connection *find(napi_env env, napi_value value) {
  int id = to_int(env, value);
  return id < 0 || id >= used_ids || connections[id].fd < 0 ? NULL : &connections[id];
}

// listener(id, n, writable): n bytes are in the shared buffer; 0: the other end has closed; below 0: -errno.
static void tell(int id, int number, bool writable) {
  napi_handle_scope scope;
  napi_value global, callback, args[3];
  napi_open_handle_scope(main_env, &scope);
  napi_get_reference_value(main_env, listener, &callback);
  napi_get_global(main_env, &global);
  args[0] = from_int(main_env, id);
  args[1] = from_int(main_env, number);
  napi_get_boolean(main_env, writable, &args[2]);
  if (napi_make_callback(main_env, NULL, global, callback, 3, args, NULL) != napi_ok) {
    // Otherwise the exception would be thrown in the next call, which is for another connection.
    bool pending = false;
    napi_value error;
    if (napi_is_exception_pending(main_env, &pending) == napi_ok && pending &&
        napi_get_and_clear_last_exception(main_env, &error) == napi_ok)
      napi_fatal_exception(main_env, error);
  }
  napi_close_handle_scope(main_env, scope);
}

static int wait_for(struct connection *c, uint32_t events) {
  if (events == c->events) return 0;
  struct epoll_event event = {.events = events, .data.u32 = (uint32_t)(c - connections)};
  // Without a wanted event the fd is taken out of the set: epoll would report a hang-up again and again.
  int operation = c->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_fd, operation, c->fd, &event) < 0) return -1;
  c->events = events;
  return 0;
}

// The connection may have been closed, and its id reused, since epoll_wait(2). Then nothing is there to read, and nothing is told.
static void serve(int id, uint32_t happened) {
  struct connection *c = &connections[id];
  uint32_t ended = happened & (EPOLLERR | EPOLLHUP);
  if (c->fd >= 0 && c->events & EPOLLOUT && (happened & EPOLLOUT || ended)) tell(id, 0, true);
  if (c->fd < 0 || !(c->events & EPOLLIN) || !(happened & EPOLLIN || ended)) return;
  ssize_t size = recv(c->fd, shared, shared_size, 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  tell(id, size < 0 ? -errno : (int)size, false);
}

static void on_events(uv_poll_t *poll, int status, int events) {
  (void)poll, (void)status, (void)events;
  struct epoll_event ready[EVENTS_AT_ONCE];
  int count = epoll_wait(epoll_fd, ready, EVENTS_AT_ONCE, 0);
  for (int i = 0; i < count; i++) serve((int)ready[i].data.u32, ready[i].events);
}

// start(buffer, listener)
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value a[2];
  if (!arguments(env, info, a, 2)) return NULL;
  if (listener != NULL || napi_get_buffer_info(env, a[0], (void **)&shared, &shared_size) != napi_ok)
    return from_int(env, -EINVAL);
  uv_loop_t *loop = NULL;
  napi_get_uv_event_loop(env, &loop);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return from_int(env, -errno);
  int error = uv_poll_init(loop, &poll_handle, epoll_fd);
  if (error == 0) error = uv_poll_start(&poll_handle, UV_READABLE, on_events);
  if (error != 0) return from_int(env, error);
  uv_unref((uv_handle_t *)&poll_handle);
  main_env = env;
  napi_create_reference(env, a[1], 1, &listener);
  return from_int(env, 0);
}

// open(path): an id, or -errno. connect(2) to a unix socket never waits: it succeeds, or EAGAIN says that the backlog is full.
static napi_value open_connection(napi_env env, napi_callback_info info) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = 0;
  napi_value a[1];
  if (!arguments(env, info, a, 1)) return NULL;
  napi_get_value_string_utf8(env, a[0], address.sun_path, sizeof address.sun_path, &length);
  if (length == 0 || length >= sizeof address.sun_path - 1) return from_int(env, -ENAMETOOLONG);
  if (free_count == 0 && used_ids == MOST_CONNECTIONS) return from_int(env, -EMFILE);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return from_int(env, -errno);
  int id = free_count > 0 ? free_ids[free_count - 1] : used_ids;
  struct connection *c = &connections[id];
  c->fd = fd;
  c->events = 0;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 || wait_for(c, EPOLLIN) < 0) {
    int error = errno;
    c->fd = -1;
    close(fd);
    return from_int(env, -error);
  }
  if (free_count > 0)
    free_count--;
  else
    used_ids++;
  return from_int(env, id);
}

// watch(id, reading, writing): 0, or -errno.
static napi_value watch(napi_env env, napi_callback_info info) {
  napi_value a[3];
  bool reading = false, writing = false;
  if (!arguments(env, info, a, 3)) return NULL;
  struct connection *c = find(env, a[0]);
  if (c == NULL) return NULL;
  napi_get_value_bool(env, a[1], &reading);
  napi_get_value_bool(env, a[2], &writing);
  return from_int(env, wait_for(c, (reading ? EPOLLIN : 0) | (writing ? EPOLLOUT : 0)) < 0 ? -errno : 0);
}

static napi_value sent(napi_env env, struct connection *c, const void *bytes, size_t length) {
  ssize_t size = send(c->fd, bytes, length, MSG_NOSIGNAL);
  return from_int(env, size < 0 ? -errno : (int)size);
}

// writeText(id, latin1): bytes written, or -errno; at most LONGEST_TEXT - 1.
static napi_value write_text(napi_env env, napi_callback_info info) {
  napi_value a[2];
  size_t length = 0;
  if (!arguments(env, info, a, 2)) return NULL;
  struct connection *c = find(env, a[0]);
  if (c == NULL) return from_int(env, -EBADF);
  napi_get_value_string_latin1(env, a[1], text, sizeof text, &length);
  return sent(env, c, text, length);
}

// writeBytes(id, buffer)
static napi_value write_bytes(napi_env env, napi_callback_info info) {
  napi_value a[2];
  void *bytes = NULL;
  size_t length = 0;
  if (!arguments(env, info, a, 2)) return NULL;
  struct connection *c = find(env, a[0]);
  if (c == NULL) return from_int(env, -EBADF);
  if (napi_get_buffer_info(env, a[1], &bytes, &length) != napi_ok) return from_int(env, -EINVAL);
  return sent(env, c, bytes, length);
}

// send(fd, latin1, buffer or null): to a socket of node:net's. Returns the bytes sent of both together, or -errno.
static napi_value send_both(napi_env env, napi_callback_info info) {
  napi_value a[3];
  struct iovec parts[2] = {{.iov_base = text}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 1};
  bool has_buffer = false;
  if (!arguments(env, info, a, 3)) return NULL;
  napi_get_value_string_latin1(env, a[1], text, sizeof text, &parts[0].iov_len);
  if (napi_is_buffer(env, a[2], &has_buffer) == napi_ok && has_buffer) {
    if (napi_get_buffer_info(env, a[2], &parts[1].iov_base, &parts[1].iov_len) != napi_ok) return from_int(env, -EINVAL);
    message.msg_iovlen = 2;
  }
  ssize_t size = sendmsg(to_int(env, a[0]), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  return from_int(env, size < 0 ? -errno : (int)size);
}

// endWriting(id): shutdown(2), SHUT_WR.
static napi_value end_writing(napi_env env, napi_callback_info info) {
  napi_value a[1];
  if (!arguments(env, info, a, 1)) return NULL;
  struct connection *c = find(env, a[0]);
  if (c != NULL) shutdown(c->fd, SHUT_WR);
  return NULL;
}

// close(id): nothing more is told of it, and the id may be reused.
static napi_value close_connection(napi_env env, napi_callback_info info) {
  napi_value a[1];
  if (!arguments(env, info, a, 1)) return NULL;
  struct connection *c = find(env, a[0]);
  if (c == NULL) return NULL;
  close(c->fd);
  c->fd = -1;
  c->events = 0;
  free_ids[free_count++] = (int)(c - connections);
  return NULL;
}

// limitSilence(fd, milliseconds): setsockopt(2), TCP_USER_TIMEOUT. 0 or -errno.
static napi_value limit_silence(napi_env env, napi_callback_info info) {
  napi_value a[2];
  if (!arguments(env, info, a, 2)) return NULL;
  unsigned int milliseconds = (unsigned int)to_int(env, a[1]);
  int result = setsockopt(to_int(env, a[0]), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
  return from_int(env, result < 0 ? -errno : 0);
}

// closeMemory(): prctl(2), PR_SET_DUMPABLE: no core, no ptrace, no /proc/PID/mem for anybody but root. 0 or -errno.
static napi_value close_memory(napi_env env, napi_callback_info info) {
  (void)info;
  return from_int(env, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0);
}

// readLink(fd): where an open symbolic link leads (latin1), or -errno; readlinkat(2) with an empty path.
static napi_value read_link(napi_env env, napi_callback_info info) {
  napi_value a[1], target = NULL;
  char path[4097];
  if (!arguments(env, info, a, 1)) return NULL;
  ssize_t size = readlinkat(to_int(env, a[0]), "", path, sizeof path);
  if (size < 0) return from_int(env, -errno);
  napi_create_string_latin1(env, path, (size_t)size, &target);
  return target;
}

// share(fd): an ArrayBuffer of the file's bytes, in as many as it has now; null where that fails.
static napi_value share(napi_env env, napi_callback_info info) {
  napi_value a[1], buffer = NULL;
  if (!arguments(env, info, a, 1)) return NULL;
  int fd = to_int(env, a[0]);
  struct stat file;
  napi_get_null(env, &buffer);
  if (fstat(fd, &file) != 0 || file.st_size <= 0 || file.st_size > LARGEST_SHARE) return buffer;
  void *memory = mmap(NULL, file.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED || napi_create_external_arraybuffer(env, memory, file.st_size, NULL, NULL, &buffer) != napi_ok)
    napi_get_null(env, &buffer);
  return buffer;
}

// trim(): gives the kernel back what is free of malloc's memory, between what is in use, too; malloc_trim(3).
static napi_value trim(napi_env env, napi_callback_info info) {
  (void)info;
  return from_int(env, malloc_trim(0));
}

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback call;
  } calls[] = {
      {"start", start},          {"open", open_connection},  {"watch", watch},           {"writeText", write_text},
      {"writeBytes", write_bytes}, {"endWriting", end_writing}, {"close", close_connection},
      {"send", send_both},         {"closeMemory", close_memory}, {"share", share},
      {"readLink", read_link},     {"limitSilence", limit_silence}, {"trim", trim},
  };
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    napi_value function;
    napi_create_function(env, calls[i].name, NAPI_AUTO_LENGTH, calls[i].call, NULL, &function);
    napi_set_named_property(env, exports, calls[i].name, function);
  }
  return exports;
}
