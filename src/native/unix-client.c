// Connections to unix sockets for the proxy worker, without node:net's streams: those cost more than the rest of a request.
// Only moves bytes: no parsing, no policy, no memory that grows. An addon of its own, so that the unprivileged worker loads
// nothing else. Node-API and uv_poll, as in hostd.c; unix-client.ts is the typed wrapper and says what each call is for.
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <errno.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#define MOST_CONNECTIONS 65536
#define LONGEST_TEXT 65536

struct connection {
  uv_poll_t poll;  // first: libuv's pointer to it is the pointer to the whole
  int fd;
  int id;
  int events;  // what is waited for
};

// One event loop, one set of these: the addon is loaded by one thread.
static struct connection *connections[MOST_CONNECTIONS];
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
  return id < 0 || id >= MOST_CONNECTIONS ? NULL : connections[id];
}

// listener(id, n): n bytes are in the shared buffer; 0: the other end has closed; below 0: -errno.
static void tell(struct connection *c, int number, int writable) {
  napi_handle_scope scope;
  napi_value global, callback, args[3];
  napi_open_handle_scope(main_env, &scope);
  napi_get_reference_value(main_env, listener, &callback);
  napi_get_global(main_env, &global);
  args[0] = from_int(main_env, c->id);
  args[1] = from_int(main_env, number);
  napi_get_boolean(main_env, writable != 0, &args[2]);
  napi_make_callback(main_env, NULL, global, callback, 3, args, NULL);
  napi_close_handle_scope(main_env, scope);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  struct connection *c = (struct connection *)poll;
  int id = c->id;
  if (status < 0) {
    // The other end has closed without having read everything. libuv stops at that, but its answer may still be there.
    events = c->events;
    uv_poll_start(poll, events, on_poll);
  }
  if (events & UV_WRITABLE) {
    tell(c, 0, 1);
    if (connections[id] != c || !(c->events & UV_READABLE)) return;  // closed or paused meanwhile
  }
  if (!(events & UV_READABLE)) return;
  ssize_t size = recv(c->fd, shared, shared_size, 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  tell(c, size < 0 ? -errno : (int)size, 0);
}

static void on_close(uv_handle_t *handle) {
  free(handle);
}

// start(buffer, listener)
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value a[2];
  if (!arguments(env, info, a, 2)) return NULL;
  if (listener != NULL || napi_get_buffer_info(env, a[0], (void **)&shared, &shared_size) != napi_ok)
    return from_int(env, -EINVAL);
  main_env = env;
  napi_create_reference(env, a[1], 1, &listener);
  return from_int(env, 0);
}

// open(path): an id, or -errno. connect(2) to a unix socket never waits: it is done, or EAGAIN says that the backlog is full.
static napi_value open_connection(napi_env env, napi_callback_info info) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = 0;
  napi_value a[1];
  uv_loop_t *loop = NULL;
  if (!arguments(env, info, a, 1)) return NULL;
  napi_get_value_string_utf8(env, a[0], address.sun_path, sizeof address.sun_path, &length);
  if (length == 0 || length >= sizeof address.sun_path - 1) return from_int(env, -ENAMETOOLONG);
  if (free_count == 0 && used_ids == MOST_CONNECTIONS) return from_int(env, -EMFILE);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return from_int(env, -errno);
  struct connection *c = calloc(1, sizeof *c);
  int error = c == NULL ? ENOMEM : 0;
  if (error == 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) error = errno;
  if (error == 0) {
    napi_get_uv_event_loop(env, &loop);
    error = -uv_poll_init(loop, &c->poll, fd);
  }
  if (error != 0) {
    close(fd);
    free(c);
    return from_int(env, -error);
  }
  c->fd = fd;
  c->id = free_count > 0 ? free_ids[--free_count] : used_ids++;
  c->events = UV_READABLE;
  connections[c->id] = c;
  uv_poll_start(&c->poll, UV_READABLE, on_poll);
  return from_int(env, c->id);
}

// watch(id, reading, writing)
static napi_value watch(napi_env env, napi_callback_info info) {
  napi_value a[3];
  bool reading = false, writing = false;
  if (!arguments(env, info, a, 3)) return NULL;
  struct connection *c = find(env, a[0]);
  if (c == NULL) return NULL;
  napi_get_value_bool(env, a[1], &reading);
  napi_get_value_bool(env, a[2], &writing);
  c->events = (reading ? UV_READABLE : 0) | (writing ? UV_WRITABLE : 0);
  if (c->events == 0)
    uv_poll_stop(&c->poll);
  else
    uv_poll_start(&c->poll, c->events, on_poll);
  return NULL;
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

// endWriting(id): shutdown(2), SHUT_WR.
static napi_value end_writing(napi_env env, napi_callback_info info) {
  napi_value a[1];
  if (!arguments(env, info, a, 1)) return NULL;
  struct connection *c = find(env, a[0]);
  if (c != NULL) shutdown(c->fd, SHUT_WR);
  return NULL;
}

// close(id): nothing is told of it any more, and the id may be another's.
static napi_value close_connection(napi_env env, napi_callback_info info) {
  napi_value a[1];
  if (!arguments(env, info, a, 1)) return NULL;
  struct connection *c = find(env, a[0]);
  if (c == NULL) return NULL;
  connections[c->id] = NULL;
  free_ids[free_count++] = c->id;
  uv_poll_stop(&c->poll);
  uv_close((uv_handle_t *)&c->poll, on_close);
  close(c->fd);
  return NULL;
}

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback call;
  } calls[] = {
      {"start", start},          {"open", open_connection},  {"watch", watch},           {"writeText", write_text},
      {"writeBytes", write_bytes}, {"endWriting", end_writing}, {"close", close_connection},
  };
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    napi_value function;
    napi_create_function(env, calls[i].name, NAPI_AUTO_LENGTH, calls[i].call, NULL, &function);
    napi_set_named_property(env, exports, calls[i].name, function);
  }
  return exports;
}
