// The system calls that Node lacks, and a digest without node:crypto: no policy, no parsing, no state but the poll handles and what is noted of
// listeners.
// Node-API only, so one binary serves every Node line; uv.h only for uv_poll, whose ABI is fixed within libuv 1.
// index.ts is the typed wrapper and says what each call is for.
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <malloc.h>
#include <netdb.h>
#include <node_api.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

// Older kernel headers (Debian 11) miss some of these numbers; they are the same on every architecture.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif
// Its value in linux/aio_abi.h since Linux 4.19; the headers of older ones have it in a comment.
#define AIO_POLL 5
#define CLOSE_RANGE_SET_CLOEXEC (1U << 2)
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

#define MAX_ARGS 9

// ---- from and to JavaScript ----

static napi_value fail(napi_env env, const char *call) {
  int number = errno;
  napi_value error, message, code, value;
  char text[256];
  snprintf(text, sizeof text, "%s: %s", call, strerror(number));
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message);
  napi_create_string_utf8(env, uv_err_name(-number), NAPI_AUTO_LENGTH, &code);
  napi_create_error(env, code, message, &error);
  napi_create_int32(env, -number, &value);
  napi_set_named_property(env, error, "errno", value);
  napi_create_string_utf8(env, call, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, error, "syscall", value);
  napi_throw(env, error);
  return NULL;
}

static void args(napi_env env, napi_callback_info info, napi_value *argv) {
  size_t argc = MAX_ARGS;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
}

static int64_t to_int(napi_env env, napi_value value) {
  int64_t number = 0;
  napi_get_value_int64(env, value, &number);
  return number;
}

static int is_number(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_number;
}

// The caller frees it. NULL for null and undefined.
static char *to_string(napi_env env, napi_value value) {
  napi_valuetype type;
  napi_typeof(env, value, &type);
  if (type != napi_string) return NULL;
  size_t length = 0;
  napi_get_value_string_utf8(env, value, NULL, 0, &length);
  char *text = malloc(length + 1);
  napi_get_value_string_utf8(env, value, text, length + 1, &length);
  return text;
}

static napi_value get(napi_env env, napi_value object, const char *name) {
  napi_value value;
  napi_get_named_property(env, object, name, &value);
  return value;
}

static uint32_t length_of(napi_env env, napi_value array) {
  uint32_t length = 0;
  napi_get_array_length(env, array, &length);
  return length;
}

static napi_value item(napi_env env, napi_value array, uint32_t index) {
  napi_value value;
  napi_get_element(env, array, index, &value);
  return value;
}

static napi_value from_int(napi_env env, int64_t number) {
  napi_value value;
  napi_create_int64(env, number, &value);
  return value;
}

static napi_value from_string(napi_env env, const char *text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

static napi_value null_value(napi_env env) {
  napi_value value;
  napi_get_null(env, &value);
  return value;
}

static napi_value result_of(napi_env env, long result, const char *call) {
  return result < 0 ? fail(env, call) : from_int(env, result);
}

// ---- sockets ----

// (path, uid, gid, mode, backlog) -> fd. bind(2) makes the file with that owner and no more than that mode, so there is no moment
// at which it is open to more: the mode comes from the socket's own inode less the umask, the owner from the
// thread's file system ids. The umask is not changed, since it belongs to every thread.
static napi_value listen_unix(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char *path = to_string(env, a[0]);
  size_t length = path == NULL ? sizeof address.sun_path : strlen(path);
  if (length >= sizeof address.sun_path) {
    free(path);
    errno = ENAMETOOLONG;
    return fail(env, "bind");
  }
  memcpy(address.sun_path, path, length + 1);
  free(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(env, "socket");
  int number = 0;
  if (fchmod(fd, to_int(env, a[3])) < 0) goto failed;
  int gid = setfsgid(to_int(env, a[2])), uid = setfsuid(to_int(env, a[1]));
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  number = errno;
  setfsuid(uid);
  setfsgid(gid);
  errno = number;
  if (bound == 0 && listen(fd, to_int(env, a[4])) == 0) return from_int(env, fd);
failed:
  number = errno;
  close(fd);
  errno = number;
  return fail(env, "bind");
}

// (address, port, backlog) -> fd. An IPv6 listener takes IPv6 alone, as nginx's does.
static napi_value listen_tcp(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  char *host = to_string(env, a[0]), port[8];
  snprintf(port, sizeof port, "%d", (int)to_int(env, a[1]));
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
  int status = getaddrinfo(host, port, &hints, &found);
  free(host);
  if (status != 0) {
    errno = EINVAL;
    return fail(env, "getaddrinfo");
  }
  const char *call = "socket";
  int on = 1, fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (found->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    call = "bind";
    if (bind(fd, found->ai_addr, found->ai_addrlen) == 0) {
      call = "listen";
      if (listen(fd, to_int(env, a[2])) == 0) {
        freeaddrinfo(found);
        return from_int(env, fd);
      }
    }
  }
  int number = errno;
  freeaddrinfo(found);
  if (fd >= 0) close(fd);
  errno = number;
  return fail(env, call);
}

static int socket_option(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0 ? -1 : value;
}

// (fd) -> { domain: "unix", "inet", "inet6" or "", stream, accepts, address, port } of a socket; getsockname(2). The
// address is a path, "" for one without a name or with one that is no path.
static napi_value socket_of(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], result;
  args(env, info, a);
  int fd = to_int(env, a[0]);
  union {
    struct sockaddr any;
    struct sockaddr_un un;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    char room[sizeof(struct sockaddr_un) + 1];
  } name = {0};
  socklen_t length = sizeof(struct sockaddr_un);
  if (getsockname(fd, &name.any, &length) < 0) return fail(env, "getsockname");
  const char *domain = "";
  char text[INET6_ADDRSTRLEN] = "", *address = text;
  int port = 0;
  if (name.any.sa_family == AF_UNIX) {
    domain = "unix";
    if (length > offsetof(struct sockaddr_un, sun_path)) address = name.un.sun_path;
  } else if (name.any.sa_family == AF_INET) {
    domain = "inet";
    port = ntohs(name.in.sin_port);
    inet_ntop(AF_INET, &name.in.sin_addr, text, sizeof text);
  } else if (name.any.sa_family == AF_INET6) {
    domain = "inet6";
    port = ntohs(name.in6.sin6_port);
    inet_ntop(AF_INET6, &name.in6.sin6_addr, text, sizeof text);
  }
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "domain", from_string(env, domain));
  napi_set_named_property(env, result, "address", from_string(env, address));
  napi_set_named_property(env, result, "port", from_int(env, port));
  napi_set_named_property(env, result, "stream", from_int(env, socket_option(fd, SO_TYPE) == SOCK_STREAM));
  // A unix listener that was shut down keeps its state, and refuses.
  struct pollfd shut = {.fd = fd, .events = POLLRDHUP};
  int is_open = poll(&shut, 1, 0) == 0 || (shut.revents & (POLLRDHUP | POLLHUP)) == 0;
  napi_set_named_property(env, result, "accepts", from_int(env, is_open && socket_option(fd, SO_ACCEPTCONN) == 1));
  return result;
}

// (path) -> 1: a process listens there, or might; 0: none does (ECONNREFUSED), or nothing is there. Does not wait.
static napi_value answers(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char *path = to_string(env, a[0]);
  size_t length = path == NULL ? sizeof address.sun_path : strlen(path);
  if (length < sizeof address.sun_path) memcpy(address.sun_path, path, length + 1);
  free(path);
  if (length >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return fail(env, "connect");
  }
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(env, "socket");
  int gone = connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && (errno == ECONNREFUSED || errno == ENOENT);
  close(fd);
  return from_int(env, !gone);
}

static void *close_here(void *fd) {
  close((int)(intptr_t)fd);
  return NULL;
}

// (fd, milliseconds): close(2) on a thread of its own, which is waited for no longer than that. Other processes that have the file can
// make the last close(2) wait: SO_LINGER of a connection, FLUSH of a FUSE file.
static napi_value close_elsewhere(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  int fd = to_int(env, a[0]);
  int64_t patience = to_int(env, a[1]);
  pthread_t thread;
  pthread_attr_t how;
  sigset_t all, before;
  pthread_attr_init(&how);
  pthread_attr_setstacksize(&how, 64 * 1024);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int number = pthread_create(&thread, &how, close_here, (void *)(intptr_t)fd);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&how);
  errno = number;
  if (number != 0) return fail(env, "pthread_create");
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += patience / 1000;
  until.tv_nsec += patience % 1000 * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec += 1;
    until.tv_nsec -= 1000000000;
  }
  if (pthread_timedjoin_np(thread, NULL, &until) != 0) pthread_detach(thread);
  return NULL;
}

// (fd, backlog): listen(2) again, for a listener of ours that another process has shut down.
static napi_value listen_again(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  return result_of(env, listen(to_int(env, a[0]), to_int(env, a[1])), "listen");
}

static napi_value peer(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], result;
  args(env, info, a);
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(to_int(env, a[0]), SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return fail(env, "getsockopt");
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "pid", from_int(env, credentials.pid));
  napi_set_named_property(env, result, "uid", from_int(env, credentials.uid));
  napi_set_named_property(env, result, "gid", from_int(env, credentials.gid));
  return result;
}

// (path or @abstract, text): sd_notify(3)'s datagram.
static napi_value notify(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  char *path = to_string(env, a[0]), *text = to_string(env, a[1]);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  long sent = -1;
  if (path != NULL && text != NULL && strlen(path) < sizeof address.sun_path) {
    size_t length = strlen(path);
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
      sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
                    offsetof(struct sockaddr_un, sun_path) + length);
      int number = errno;
      close(fd);
      errno = number;
    }
  } else {
    errno = EINVAL;
  }
  free(path);
  free(text);
  return result_of(env, sent, "sendto");
}

// ---- files ----

// (uid, gid): for this thread and the file system only; setfsuid(2). A uid other than 0 also drops the
// capabilities that override file permissions. Both are read back, since the calls report no error.
static napi_value set_fs_ids(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  uid_t uid = to_int(env, a[0]);
  gid_t gid = to_int(env, a[1]);
  // The group first, while there is the right to change it. Back in the other order.
  if (uid == 0) setfsuid(uid);
  setfsgid(gid);
  setfsuid(uid);
  if ((uid_t)setfsuid(-1) != uid || (gid_t)setfsgid(-1) != gid) {
    errno = EPERM;
    return fail(env, "setfsuid");
  }
  return NULL;
}

// (dirfd, path, flags, mode, resolve) -> fd; openat2(2).
static napi_value open_at(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  char *path = to_string(env, a[1]);
  struct open_how how = {.flags = to_int(env, a[2]) | O_CLOEXEC, .mode = to_int(env, a[3]), .resolve = to_int(env, a[4])};
  long fd = syscall(SYS_openat2, (int)to_int(env, a[0]), path, &how, sizeof how);
  int number = errno;
  free(path);
  errno = number;
  return result_of(env, fd, "openat2");
}

// (fd, directory, name): one more name for an open file that still has one. Works for a socket too; linkat(2).
static napi_value link_file(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  char from[32], *name = to_string(env, a[2]);
  snprintf(from, sizeof from, "/proc/self/fd/%d", (int)to_int(env, a[0]));
  int result = linkat(AT_FDCWD, from, (int)to_int(env, a[1]), name, AT_SYMLINK_FOLLOW);
  int number = errno;
  free(name);
  errno = number;
  return result_of(env, result, "linkat");
}

static napi_value cloexec(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  return result_of(env, fcntl(to_int(env, a[0]), F_SETFD, to_int(env, a[1]) ? FD_CLOEXEC : 0), "fcntl");
}

// (fd, buffer) -> bytes read, or -errno. node:fs does the same with several times the work, and an object for EAGAIN.
static napi_value read_into(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  void *bytes;
  size_t length;
  args(env, info, a);
  if (napi_get_buffer_info(env, a[1], &bytes, &length) != napi_ok) return from_int(env, -EINVAL);
  ssize_t count = read(to_int(env, a[0]), bytes, length);
  return from_int(env, count < 0 ? -errno : (int)count);
}

// (fd, buffer[, offset in the file]) -> bytes written, or -errno.
static napi_value write_from(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  void *bytes;
  size_t length;
  napi_valuetype type;
  args(env, info, a);
  if (napi_get_buffer_info(env, a[1], &bytes, &length) != napi_ok) return from_int(env, -EINVAL);
  napi_typeof(env, a[2], &type);
  int fd = to_int(env, a[0]);
  ssize_t count = type == napi_number ? pwrite(fd, bytes, length, to_int(env, a[2])) : write(fd, bytes, length);
  return from_int(env, count < 0 ? -errno : (int)count);
}

// (fd, length): takes the first `length` bytes out of a file, which becomes shorter; fallocate(2).
static napi_value collapse(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  return result_of(env, fallocate(to_int(env, a[0]), FALLOC_FL_COLLAPSE_RANGE, 0, to_int(env, a[1])), "fallocate");
}

// (): gives the kernel back what is free of malloc's memory, between what is in use, too; malloc_trim(3).
static napi_value trim(napi_env env, napi_callback_info info) {
  (void)info;
  malloc_trim(0);
  return null_value(env);
}

// ---- digests and chance: node:crypto would take a megabyte of hostd's memory for these two ----

static uint32_t turned(uint32_t word, int by) { return word >> by | word << (32 - by); }

// One block of 64 bytes; FIPS 180-4, section 6.2.2.
static void sha256_block(uint32_t hash[8], const unsigned char *block) {
  static const uint32_t k[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (turned(a, 7) ^ turned(a, 18) ^ a >> 3) + (turned(b, 17) ^ turned(b, 19) ^ b >> 10);
  }
  memcpy(v, hash, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t chosen = (v[4] & v[5]) ^ (~v[4] & v[6]), most = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    uint32_t one = v[7] + (turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25)) + chosen + k[i] + w[i];
    uint32_t two = (turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22)) + most;
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += one;
    v[0] = one + two;
  }
  for (int i = 0; i < 8; i++) hash[i] += v[i];
}

// (text) -> the SHA-256 of its UTF-8 bytes, in hexadecimal digits.
static napi_value sha256(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  char *text = to_string(env, a[0]), hex[65];
  if (text == NULL) return null_value(env);
  size_t length = 0;
  napi_get_value_string_utf8(env, a[0], NULL, 0, &length);
  uint32_t hash[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  size_t done = 0;
  for (; length - done >= 64; done += 64) sha256_block(hash, (unsigned char *)text + done);
  // The rest, one bit, zeros, and the length in bits: one block, or two.
  unsigned char last[128] = {0};
  size_t rest = length - done, end = rest < 56 ? 64 : 128;
  memcpy(last, text + done, rest);
  last[rest] = 0x80;
  for (int i = 0; i < 8; i++) last[end - 1 - i] = (unsigned char)((uint64_t)length * 8 >> (8 * i));
  for (size_t at = 0; at < end; at += 64) sha256_block(hash, last + at);
  for (int i = 0; i < 8; i++) sprintf(hex + 8 * i, "%08x", hash[i]);
  free(text);
  return from_string(env, hex);
}

// (length) -> as many bytes that nobody can guess, at most 64, in hexadecimal digits; getrandom(2).
static napi_value random_hex(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  unsigned char bytes[64];
  char hex[2 * sizeof bytes + 1] = "";
  size_t length = (size_t)to_int(env, a[0]);
  if (length > sizeof bytes) length = sizeof bytes;
  if (getrandom(bytes, length, 0) != (ssize_t)length) return fail(env, "getrandom");
  for (size_t i = 0; i < length; i++) sprintf(hex + 2 * i, "%02x", bytes[i]);
  return from_string(env, hex);
}

// (uid, gid, nice): for this thread only, and for good: a user's file system ids, no capabilities unless the user is root, and a lower
// priority. The system calls are made directly, since libc's would change every thread.
static napi_value lower_thread(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  uid_t uid = to_int(env, a[0]);
  gid_t gid = to_int(env, a[1]);
  setpriority(PRIO_PROCESS, syscall(SYS_gettid), to_int(env, a[2]));
  if (geteuid() != 0 || uid == 0) return NULL;
  setfsgid(gid);
  setfsuid(uid);
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
  if ((uid_t)setfsuid(-1) != uid || (gid_t)setfsgid(-1) != gid) {
    errno = EPERM;
    return fail(env, "setfsuid");
  }
  return result_of(env, syscall(SYS_capset, &header, none), "capset");
}

static napi_value make_pipe(napi_env env, napi_callback_info info) {
  (void)info;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return fail(env, "pipe2");
  napi_value result;
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, from_int(env, ends[0]));
  napi_set_element(env, result, 1, from_int(env, ends[1]));
  return result;
}

// (path, mode): makes a FIFO with that mode, whatever the umask; mkfifo(3).
static napi_value make_fifo(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  char *path = to_string(env, a[0]);
  int result = mkfifo(path, 0);
  if (result == 0) result = chmod(path, to_int(env, a[1]));
  int number = errno;
  free(path);
  errno = number;
  return result_of(env, result, "mkfifo");
}

// ---- processes ----

enum stage { STAGE_CGROUP = 1, STAGE_LIMITS, STAGE_USER, STAGE_FILES, STAGE_DIRECTORY, STAGE_EXEC, STAGE_KEYRING, STAGE_PRIORITY };

// For `nice`: not a value of setpriority(2).
#define KEEP_NICE 100

struct launch {
  char *file, *directory, **argv, **envp, *listen_pid;
  uid_t uid;
  gid_t gid, *groups;
  uint32_t group_count, limit_count, fd_count;
  int64_t *limits;  // resource, soft, hard; -1 is infinity
  int *fds, mask, cgroup, enter_cgroup, binary, switch_user, no_new_privs, terminal, ignore_usr1, nice, complain, keep_advantages;
  char oom_score_adj[12];  // as text; empty: it stays
};

static char **to_strings(napi_env env, napi_value array) {
  uint32_t count = length_of(env, array);
  char **strings = calloc(count + 1, sizeof *strings);
  for (uint32_t i = 0; i < count; i++) strings[i] = to_string(env, item(env, array, i));
  return strings;
}

static void free_strings(char **strings) {
  for (char **s = strings; *s != NULL; s++) free(*s);
  free(strings);
}

// For a program that is started in Supervisor's way: writes to the program's standard error why it cannot start.
static void complain(const char *what, const char *of, const char *to) {
  static const struct {
    int number;
    const char *name;
  } names[] = {{EPERM, "EPERM"},     {ENOENT, "ENOENT"},   {EIO, "EIO"},         {E2BIG, "E2BIG"},     {ENOEXEC, "ENOEXEC"},
               {EAGAIN, "EAGAIN"},   {ENOMEM, "ENOMEM"},   {EACCES, "EACCES"},   {EBUSY, "EBUSY"},     {ENOTDIR, "ENOTDIR"},
               {EISDIR, "EISDIR"},   {EINVAL, "EINVAL"},   {EMFILE, "EMFILE"},   {ENFILE, "ENFILE"},   {ETXTBSY, "ETXTBSY"},
               {ELOOP, "ELOOP"},     {ENAMETOOLONG, "ENAMETOOLONG"}, {ELIBBAD, "ELIBBAD"}, {ESTALE, "ESTALE"}};
  const char *code = "EFAULT";
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].number == errno) code = names[i].name;
  const char *parts[] = {"supervisor: couldn't ", what, of, to, code, "\nsupervisor: child process was not spawned\n"};
  char text[4096];
  size_t length = 0;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    size_t more = strlen(parts[i]);
    if (more > sizeof text - length) more = sizeof text - length;
    memcpy(text + length, parts[i], more);
    length += more;
  }
  if (write(2, text, length) < 0) return;
}

static void give_up(int status, enum stage stage) {
  int report[2] = {stage, errno};
  if (write(status, report, sizeof report) < 0) _exit(126);
  _exit(127);
}

// What follows runs in the child: async-signal-safe calls only.

// For Linux before 5.11, or a system call filter: marks each descriptor that the directory lists.
static int mark_each(int first) {
  struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
  };
  _Alignas(struct entry) char room[2048];
  int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -1;
  long got;
  while ((got = syscall(SYS_getdents64, directory, room, sizeof room)) > 0)
    for (long at = 0; at < got; at += ((struct entry *)(room + at))->length) {
      int fd = 0;
      const char *digit = ((struct entry *)(room + at))->name;
      while (*digit >= '0' && *digit <= '9') fd = 10 * fd + (*digit++ - '0');
      if (*digit == 0 && fd >= first && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF) return -1;
    }
  return got < 0 ? -1 : 0;
}

static int mark_from(int first) {
  return syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_SET_CLOEXEC) == 0 ? 0 : mark_each(first);
}

// A process that possesses a keyring has its possessor's rights, whatever the uid: keyrings(7). Where the kernel has no keys, or a filter
// denies them to all of hostd's children, there is no keyring to possess.
static int join_new_keyring(void) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0) return 0;
  return errno == ENOSYS || errno == EPERM || errno == EOPNOTSUPP ? 0 : -1;
}

// Gives up the advantages over other processes that hostd may have. Disadvantages stay. See
// oom_score_adj in proc(5), sched(7), ioprio_set(2), personality(2).
static void give_up_advantages(void) {
  char text[16] = {0};
  int score = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (score >= 0) {
    if (read(score, text, sizeof text - 1) > 0 && text[0] == '-' && pwrite(score, "0", 1, 0) < 0) text[0] = 0;
    close(score);
  }
  int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  struct sched_param usual = {0};
  if (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE) sched_setscheduler(0, SCHED_OTHER, &usual);
  if (getpriority(PRIO_PROCESS, 0) < 0) setpriority(PRIO_PROCESS, 0, 0);
  // Class in the upper bits: 1 is real time, 2 best effort, whose usual level is 4; 0 follows nice.
  int io = syscall(SYS_ioprio_get, 1, 0);
  if (io >= 0 && ((io >> 13) == 1 || ((io >> 13) == 2 && (io & 0x1fff) < 4))) syscall(SYS_ioprio_set, 1, 0, 0);
  personality(PER_LINUX);
}

static int write_oom_score(const char *text) {
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score < 0) return -1;
  ssize_t done = write(score, text, strlen(text));
  int number = errno;
  close(score);
  errno = number;
  return done < 0 ? -1 : 0;
}

// A user other than root gets no capability in any set but the bounding one, whatever securebits hostd was started with.
// Root keeps its own, but can pass none on: capabilities(7).
static int limit_capabilities(int is_root) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
  if (is_root && syscall(SYS_capget, &header, sets) < 0) return -1;
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) sets[i].inheritable = 0;
  // The ambient set goes with the inheritable one.
  return syscall(SYS_capset, &header, sets);
}

// The kernel's own call: libc's refuses the signals that libc uses itself, which may be ignored like any other.
static void reset_signals(int ignore_usr1) {
  struct {
    void (*handler)(int);
    unsigned long flags, restorer, mask;
  } usual = {.handler = SIG_DFL}, ignored = {.handler = SIG_IGN};
  for (int number = 1; number < NSIG; number++)
    if (number != SIGKILL && number != SIGSTOP)
      syscall(SYS_rt_sigaction, number, number == SIGUSR1 && ignore_usr1 ? &ignored : &usual, NULL, 8);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// Returns only on failure. A binary that was opened before may be where the user cannot go.
static void execute(struct launch *l) {
  if (l->binary < 0) {
    execve(l->file, l->argv, l->envp);
    return;
  }
  syscall(SYS_execveat, l->binary, "", l->argv, l->envp, AT_EMPTY_PATH);
  // An emulator (binfmt_misc) opens the file again by its descriptor, which must then outlive the execve.
  if (errno == ENOENT && fcntl(l->binary, F_SETFD, 0) == 0)
    syscall(SYS_execveat, l->binary, "", l->argv, l->envp, AT_EMPTY_PATH);
}

// Ends in execve or in _exit.
static void become(struct launch *l, int gate, int status) {
  setsid();
  if (l->enter_cgroup) {
    int procs = openat(l->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (procs < 0 || write(procs, "0", 1) < 0) give_up(status, STAGE_CGROUP);
  }
  // First above the targets, then into place, so that no source is overwritten before it is used.
  gate = fcntl(gate, F_DUPFD_CLOEXEC, l->fd_count);
  if (l->binary >= 0) l->binary = fcntl(l->binary, F_DUPFD_CLOEXEC, l->fd_count);
  status = fcntl(status, F_DUPFD_CLOEXEC, l->fd_count);
  for (uint32_t i = 0; i < l->fd_count; i++)
    if ((l->fds[i] = fcntl(l->fds[i], F_DUPFD_CLOEXEC, l->fd_count)) < 0) give_up(status, STAGE_FILES);
  for (uint32_t i = 0; i < l->fd_count; i++)
    if (dup2(l->fds[i], i) < 0) give_up(status, STAGE_FILES);
  if (mark_from(l->fd_count) < 0) give_up(status, STAGE_FILES);
  if (l->terminal && ioctl(0, TIOCSCTTY, 0) < 0) give_up(status, STAGE_FILES);
  for (uint32_t i = 0; i < 3 && i < l->fd_count; i++) {
    int flags = fcntl(i, F_GETFL);
    if (flags & O_NONBLOCK) fcntl(i, F_SETFL, flags & ~O_NONBLOCK);
  }
  if (!l->keep_advantages) give_up_advantages();
  if (l->nice != KEEP_NICE && setpriority(PRIO_PROCESS, 0, l->nice) < 0) give_up(status, STAGE_PRIORITY);
  if (l->oom_score_adj[0] != 0 && write_oom_score(l->oom_score_adj) < 0) give_up(status, STAGE_PRIORITY);
  // Not before: hostd may have more files open than the program may, and the descriptors above need numbers beyond all of hostd's.
  for (uint32_t i = 0; i < l->limit_count; i++) {
    int64_t *limit = l->limits + 3 * i;
    struct rlimit r = {limit[1] < 0 ? RLIM_INFINITY : (rlim_t)limit[1], limit[2] < 0 ? RLIM_INFINITY : (rlim_t)limit[2]};
    if (setrlimit(limit[0], &r) < 0) give_up(status, STAGE_LIMITS);
  }
  // First as root, since root's quota of keys is not used up. A user whose own quota is used up gets root's.
  if (join_new_keyring() < 0 && (l->switch_user || errno != EDQUOT)) give_up(status, STAGE_KEYRING);
  if (l->switch_user) {
    // Locked securebits stay. limit_capabilities does not depend on them.
    prctl(PR_SET_SECUREBITS, 0, 0, 0, 0);
    // The kernel's own calls: libc's would signal threads, which a child of clone3(2) does not have.
    if (syscall(SYS_setgroups, (size_t)l->group_count, l->groups) < 0 ||
        syscall(SYS_setresgid, l->gid, l->gid, l->gid) < 0 || syscall(SYS_setresuid, l->uid, l->uid, l->uid) < 0 ||
        limit_capabilities(l->uid == 0) < 0)
      give_up(status, STAGE_USER);
    if (join_new_keyring() < 0 && errno != EDQUOT) give_up(status, STAGE_KEYRING);
  }
  if (l->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) give_up(status, STAGE_USER);
  umask(l->mask);
  reset_signals(l->ignore_usr1);
  // Nothing of the program runs before the parent has written down its pid. End of file: the parent has died.
  char byte;
  ssize_t got;
  while ((got = read(gate, &byte, 1)) < 0 && errno == EINTR) continue;
  if (got != 1) _exit(127);
  if (l->directory != NULL && chdir(l->directory) < 0) {
    int number = errno;
    if (l->complain) complain("chdir to ", l->directory, ": ");
    errno = number;
    give_up(status, STAGE_DIRECTORY);
  }
  if (l->listen_pid != NULL) {
    char digits[16];
    int count = 0, pid = getpid();
    do digits[count++] = '0' + pid % 10; while ((pid /= 10) > 0);
    char *end = l->listen_pid;
    while (count > 0) *end++ = digits[--count];
    *end = 0;
  }
  execute(l);
  int number = errno;
  if (l->complain) complain("exec ", l->argv[0], ": ");
  errno = number;
  give_up(status, STAGE_EXEC);
}

// Makes a child that is born in its cgroup (Linux 5.7). Moving it there later takes an RCU grace period, some 10 ms.
static pid_t fork_into(int cgroup) {
  struct clone_args how = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = cgroup};
  return syscall(SYS_clone3, &how, sizeof how);
}

// (options) -> { pid, gate, status }; see index.ts.
static napi_value spawn(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], o, list;
  args(env, info, a);
  o = a[0];
  struct launch l = {.file = to_string(env, get(env, o, "file")), .directory = to_string(env, get(env, o, "directory"))};
  l.argv = to_strings(env, get(env, o, "argv"));
  l.envp = to_strings(env, get(env, o, "env"));
  for (char **e = l.envp; *e != NULL; e++)
    if (strcmp(*e, "LISTEN_PID=") == 0) {
      *e = realloc(*e, 32);
      l.listen_pid = *e + strlen("LISTEN_PID=");
    }
  l.uid = to_int(env, get(env, o, "uid"));
  l.gid = to_int(env, get(env, o, "gid"));
  l.mask = to_int(env, get(env, o, "umask"));
  l.cgroup = to_int(env, get(env, o, "cgroup"));
  l.binary = to_int(env, get(env, o, "binary"));
  l.switch_user = geteuid() == 0;
  l.no_new_privs = to_int(env, get(env, o, "noNewPrivs"));
  l.terminal = to_int(env, get(env, o, "terminal"));
  l.ignore_usr1 = to_int(env, get(env, o, "ignoreUsr1"));
  l.complain = to_int(env, get(env, o, "complain"));
  l.keep_advantages = to_int(env, get(env, o, "keepAdvantages"));
  l.nice = KEEP_NICE;
  if (is_number(env, get(env, o, "nice"))) l.nice = to_int(env, get(env, o, "nice"));
  if (is_number(env, get(env, o, "oomScoreAdj")))
    snprintf(l.oom_score_adj, sizeof l.oom_score_adj, "%d", (int)to_int(env, get(env, o, "oomScoreAdj")));
  list = get(env, o, "groups");
  l.group_count = length_of(env, list);
  l.groups = calloc(l.group_count + 1, sizeof *l.groups);
  for (uint32_t i = 0; i < l.group_count; i++) l.groups[i] = to_int(env, item(env, list, i));
  list = get(env, o, "limits");
  l.limit_count = length_of(env, list) / 3;
  l.limits = calloc(3 * l.limit_count + 1, sizeof *l.limits);
  for (uint32_t i = 0; i < 3 * l.limit_count; i++) l.limits[i] = to_int(env, item(env, list, i));
  list = get(env, o, "fds");
  l.fd_count = length_of(env, list);
  l.fds = calloc(l.fd_count + 1, sizeof *l.fds);
  for (uint32_t i = 0; i < l.fd_count; i++) l.fds[i] = to_int(env, item(env, list, i));

  int gate[2] = {-1, -1}, status[2] = {-1, -1}, number = 0;
  pid_t pid = -1;
  const char *call = "pipe2";
  if (pipe2(gate, O_CLOEXEC) == 0 && pipe2(status, O_CLOEXEC | O_NONBLOCK) == 0) {
    call = "fork";
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (l.cgroup >= 0) pid = fork_into(l.cgroup);
    // The bounds of the cgroup (pids.max) hold for its first process too.
    if (pid < 0 && (l.cgroup < 0 || (errno != EAGAIN && errno != ENOMEM))) {
      // No cgroup, or a kernel or a seccomp filter that does not know clone3.
      l.enter_cgroup = l.cgroup >= 0;
      pid = fork();
    }
    if (pid == 0) {
      close(gate[1]);
      become(&l, gate[0], status[1]);
    }
    number = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  } else {
    number = errno;
  }
  if (gate[0] >= 0) close(gate[0]);
  if (status[1] >= 0) close(status[1]);
  free(l.file);
  free(l.directory);
  free_strings(l.argv);
  free_strings(l.envp);
  free(l.groups);
  free(l.limits);
  free(l.fds);
  if (pid < 0) {
    if (gate[1] >= 0) close(gate[1]);
    if (status[0] >= 0) close(status[0]);
    errno = number;
    return fail(env, call);
  }
  napi_value result;
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "pid", from_int(env, pid));
  napi_set_named_property(env, result, "gate", from_int(env, gate[1]));
  napi_set_named_property(env, result, "status", from_int(env, status[0]));
  return result;
}

static napi_value pidfd_open(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  return result_of(env, syscall(SYS_pidfd_open, (pid_t)to_int(env, a[0]), 0), "pidfd_open");
}

static napi_value pidfd_signal(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  return result_of(env, syscall(SYS_pidfd_send_signal, (int)to_int(env, a[0]), (int)to_int(env, a[1]), NULL, 0),
                   "pidfd_send_signal");
}

static napi_value pidfd_getfd(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  return result_of(env, syscall(SYS_pidfd_getfd, (int)to_int(env, a[0]), (int)to_int(env, a[1]), 0), "pidfd_getfd");
}

// (pid) -> { code, signal, dumped: true or nothing } of a child that has ended, which is reaped; null: it still runs, or is no child.
static napi_value reap(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], result;
  args(env, info, a);
  int status;
  pid_t pid = waitpid(to_int(env, a[0]), &status, WNOHANG);
  if (pid <= 0) return null_value(env);
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "code", WIFEXITED(status) ? from_int(env, WEXITSTATUS(status)) : null_value(env));
  napi_set_named_property(env, result, "signal", WIFSIGNALED(status) ? from_int(env, WTERMSIG(status)) : null_value(env));
  if (!WIFSIGNALED(status) || !WCOREDUMP(status)) return result;
  napi_value dumped;
  napi_get_boolean(env, 1, &dumped);
  napi_set_named_property(env, result, "dumped", dumped);
  return result;
}

// () -> pid of some child that has ended and waits to be reaped, or 0.
static napi_value ended_child(napi_env env, napi_callback_info info) {
  (void)info;
  siginfo_t child = {0};
  if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) < 0) return from_int(env, 0);
  return from_int(env, child.si_pid);
}

// (fd) -> 1: the whole-file lock is taken; 0: another open file description has it; flock(2).
static napi_value lock(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  if (flock(to_int(env, a[0]), LOCK_EX | LOCK_NB) == 0) return from_int(env, 1);
  return errno == EWOULDBLOCK ? from_int(env, 0) : fail(env, "flock");
}

// (signal): lets the signal reach this process from now on, also one that is pending. Node leaves SIGUSR1 blocked where it must not open
// its inspector on it.
static napi_value unblock(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, to_int(env, a[0]));
  errno = pthread_sigmask(SIG_UNBLOCK, &one, NULL);
  return errno == 0 ? NULL : fail(env, "pthread_sigmask");
}

// () -> 0 or 1: whether this kernel has IPv6 (ipv6.disable=1, and some containers, take it away).
static napi_value has_ipv6(napi_env env, napi_callback_info info) {
  (void)info;
  int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), has = fd >= 0 || errno != EAFNOSUPPORT;
  if (fd >= 0) close(fd);
  return from_int(env, has);
}

// (): orphaned descendants become this process's children; prctl(2) PR_SET_CHILD_SUBREAPER.
static napi_value subreaper(napi_env env, napi_callback_info info) {
  (void)info;
  return result_of(env, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl");
}

// ---- terminals ----

// (columns, rows) -> [output, input, slave]: a new pty(7) of that size. Our side has a descriptor for each direction, which do not
// block. None becomes a controlling terminal, and none outlives an execve. The slave is opened by way of its master (ioctl_tty(2),
// TIOCGPTPEER; Linux 4.13), not by a path. devpts makes the caller its owner, so there is no grantpt(3).
static napi_value open_terminal(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], result;
  args(env, info, a);
  struct winsize size = {.ws_col = to_int(env, a[0]), .ws_row = to_int(env, a[1])};
  struct termios modes;
  int unlocked = 0, fds[3] = {-1, -1, -1};
  const char *call = "posix_openpt";
  if ((fds[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) < 0) goto failed;
  call = "ioctl";
  if (ioctl(fds[0], TIOCSPTLCK, &unlocked) < 0 || ioctl(fds[0], TIOCSWINSZ, &size) < 0) goto failed;
  if ((fds[2] = ioctl(fds[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) goto failed;
  if (tcgetattr(fds[2], &modes) < 0) goto failed;
  modes.c_iflag |= IUTF8;  // Backspace takes a whole character away.
  if (tcsetattr(fds[2], TCSANOW, &modes) < 0) goto failed;
  if ((fds[1] = fcntl(fds[0], F_DUPFD_CLOEXEC, 3)) < 0) goto failed;
  napi_create_array_with_length(env, 3, &result);
  for (int i = 0; i < 3; i++) napi_set_element(env, result, i, from_int(env, fds[i]));
  return result;
failed:;
  int number = errno;
  for (int i = 0; i < 3; i++)
    if (fds[i] >= 0) close(fds[i]);
  errno = number;
  return fail(env, call);
}

// (fd of either side, columns, rows)
static napi_value resize_terminal(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  struct winsize size = {.ws_col = to_int(env, a[1]), .ws_row = to_int(env, a[2])};
  return result_of(env, ioctl(to_int(env, a[0]), TIOCSWINSZ, &size), "ioctl");
}

// ---- users ----

// (name or uid) -> { name, uid, gid, home, shell, groups } or null. Asks NSS, so LDAP users are found too.
static napi_value user(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], result, groups;
  args(env, info, a);
  char *name = to_string(env, a[0]);
  struct passwd entry, *found = NULL;
  size_t size = 16384;
  char *buffer = malloc(size);
  int status;
  while ((status = name != NULL ? getpwnam_r(name, &entry, buffer, size, &found)
                                : getpwuid_r(to_int(env, a[0]), &entry, buffer, size, &found)) == ERANGE)
    buffer = realloc(buffer, size *= 2);
  free(name);
  if (status != 0 || found == NULL) {
    free(buffer);
    return null_value(env);
  }
  int count = 64;
  gid_t *gids = malloc(count * sizeof *gids);
  while (getgrouplist(entry.pw_name, entry.pw_gid, gids, &count) < 0) gids = realloc(gids, count * sizeof *gids);
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "name", from_string(env, entry.pw_name));
  napi_set_named_property(env, result, "uid", from_int(env, entry.pw_uid));
  napi_set_named_property(env, result, "gid", from_int(env, entry.pw_gid));
  napi_set_named_property(env, result, "home", from_string(env, entry.pw_dir));
  napi_set_named_property(env, result, "shell", from_string(env, entry.pw_shell));
  napi_create_array_with_length(env, count, &groups);
  for (int i = 0; i < count; i++) napi_set_element(env, groups, i, from_int(env, gids[i]));
  napi_set_named_property(env, result, "groups", groups);
  free(gids);
  free(buffer);
  return result;
}

// (name or gid) -> { name, gid } or null.
static napi_value group(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], result;
  args(env, info, a);
  char *name = to_string(env, a[0]);
  struct group entry, *found = NULL;
  size_t size = 16384;
  char *buffer = malloc(size);
  int status;
  while ((status = name != NULL ? getgrnam_r(name, &entry, buffer, size, &found)
                                : getgrgid_r(to_int(env, a[0]), &entry, buffer, size, &found)) == ERANGE)
    buffer = realloc(buffer, size *= 2);
  free(name);
  if (status != 0 || found == NULL) {
    free(buffer);
    return null_value(env);
  }
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "name", from_string(env, entry.gr_name));
  napi_set_named_property(env, result, "gid", from_int(env, entry.gr_gid));
  free(buffer);
  return result;
}

// ---- waiting for a file descriptor ----

struct watch {
  uv_poll_t poll;  // first: libuv's pointer to it is the pointer to the whole
  napi_env env;
  napi_ref callback;  // NULL: it has run, or never will
  int has_handle, is_open, repeats;
};

// Freed by the later of two: libuv, when it has closed the poll handle, and JavaScript, when it has forgotten its handle.
static void watch_closed(uv_handle_t *handle) {
  struct watch *w = (struct watch *)handle;
  w->is_open = 0;
  if (!w->has_handle) free(w);
}

static void watch_forgotten(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct watch *w = data;
  w->has_handle = 0;
  if (!w->is_open) free(w);
}

static void watch_ready(uv_poll_t *poll, int status, int events) {
  (void)status;
  (void)events;
  struct watch *w = (struct watch *)poll;
  napi_env env = w->env;
  napi_handle_scope scope;
  napi_value callback, global;
  napi_open_handle_scope(env, &scope);
  napi_get_reference_value(env, w->callback, &callback);
  if (!w->repeats) {
    uv_poll_stop(poll);
    napi_delete_reference(env, w->callback);
    w->callback = NULL;
    uv_close((uv_handle_t *)poll, watch_closed);
  }
  napi_get_global(env, &global);
  napi_make_callback(env, NULL, global, callback, 0, NULL, NULL);
  napi_close_handle_scope(env, scope);
}

// (fd) -> an epoll(7) that is readable while the fd is.
static napi_value epoll_of(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return fail(env, "epoll_create1");
  struct epoll_event event = {.events = EPOLLIN};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, to_int(env, a[0]), &event) < 0) {
    int number = errno;
    close(epoll);
    errno = number;
    return fail(env, "epoll_ctl");
  }
  return from_int(env, epoll);
}

// (fd, callback, writable, repeats) -> a handle. The callback runs once, when the fd is readable (for a pidfd: when the process has
// ended) or, if `writable` is 1, writable. If `repeats` is 1, it runs in each turn of the event loop in which the fd is so, until
// unwatch.
static napi_value watch(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], external;
  args(env, info, a);
  uv_loop_t *loop;
  napi_get_uv_event_loop(env, &loop);
  struct watch *w = calloc(1, sizeof *w);
  w->env = env;
  int status = uv_poll_init(loop, &w->poll, to_int(env, a[0]));
  if (status < 0) {
    free(w);
    errno = -status;
    return fail(env, "uv_poll_init");
  }
  w->is_open = 1;
  w->repeats = to_int(env, a[3]);
  napi_create_reference(env, a[1], 1, &w->callback);
  status = uv_poll_start(&w->poll, to_int(env, a[2]) ? UV_WRITABLE : UV_READABLE, watch_ready);
  if (status < 0) {
    napi_delete_reference(env, w->callback);
    uv_close((uv_handle_t *)&w->poll, watch_closed);
    errno = -status;
    return fail(env, "uv_poll_start");
  }
  if (napi_create_external(env, w, watch_forgotten, NULL, &external) != napi_ok) return NULL;
  w->has_handle = 1;
  return external;
}

// (handle): the callback will not run. Does nothing if it has run.
static napi_value unwatch(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  struct watch *w = NULL;
  if (napi_get_value_external(env, a[0], (void **)&w) != napi_ok || w->callback == NULL) return NULL;
  uv_poll_stop(&w->poll);
  napi_delete_reference(env, w->callback);
  w->callback = NULL;
  uv_close((uv_handle_t *)&w->poll, watch_closed);
  return NULL;
}

// ---- who has connected ----

// A poll of a listener that the kernel completes in the moment of a connection (io_submit(2), IOCB_CMD_POLL), also when a program
// accepts it at once: epoll(7) and poll(2) would look again, and see nothing. It is armed once for each look, and costs no wake-up.
struct note {
  struct iocb poll;
  int is_armed, has_fired, has_handle;
};

// Polls of all notes at once. Each has an event of room in the kernel.
#define MOST_NOTES 1024
static aio_context_t notes;

// Reads what the kernel has completed. A note whose handle is gone is freed when its poll is over.
static void read_notes(void) {
  struct io_event events[32];
  struct timespec now = {0};
  long count;
  do {
    count = syscall(SYS_io_getevents, notes, 0, 32, events, &now);
    for (long i = 0; i < count; i++) {
      struct note *note = (struct note *)(uintptr_t)events[i].data;
      note->is_armed = 0;
      note->has_fired = 1;
      if (!note->has_handle) free(note);
    }
  } while (count == 32);
}

static int arm(struct note *note) {
  struct iocb *poll = &note->poll;
  if (syscall(SYS_io_submit, notes, 1, &poll) < 0) return -1;
  note->is_armed = 1;
  return 0;
}

static void disarm(struct note *note) {
  struct io_event ignored;
  // Its event comes in any case.
  if (note->is_armed) syscall(SYS_io_cancel, notes, &note->poll, &ignored);
}

static void note_forgotten(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct note *note = data;
  note->has_handle = 0;
  if (!note->is_armed) free(note);
  else disarm(note);
}

// (listener) -> a handle. It begins to note connections. As long as it does, the kernel keeps the listener open.
static napi_value note_connections(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], external;
  args(env, info, a);
  if (notes == 0 && syscall(SYS_io_setup, MOST_NOTES, &notes) < 0) return fail(env, "io_setup");
  read_notes();
  struct note *note = calloc(1, sizeof *note);
  note->poll.aio_data = (uintptr_t)note;
  note->poll.aio_lio_opcode = AIO_POLL;
  note->poll.aio_fildes = to_int(env, a[0]);
  note->poll.aio_buf = POLLIN;
  if (arm(note) < 0) {
    int number = errno;
    free(note);
    errno = number;
    return fail(env, "io_submit");
  }
  if (napi_create_external(env, note, note_forgotten, NULL, &external) != napi_ok) return NULL;
  note->has_handle = 1;
  return external;
}

// (handle) -> 1: somebody has connected since the last call, or waits to be accepted. It begins anew.
static napi_value was_connected(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  struct note *note = NULL;
  args(env, info, a);
  if (napi_get_value_external(env, a[0], (void **)&note) != napi_ok) return NULL;
  read_notes();
  int has_fired = note->has_fired;
  note->has_fired = 0;
  if (!note->is_armed && arm(note) < 0) return fail(env, "io_submit");
  return from_int(env, has_fired);
}

// (handle): notes nothing any more, and lets go of the listener.
static napi_value stop_noting(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  struct note *note = NULL;
  args(env, info, a);
  if (napi_get_value_external(env, a[0], (void **)&note) == napi_ok) disarm(note);
  return NULL;
}

// ---- the clock on the wall ----

// () -> fd of a timer by the real-time clock.
static napi_value wall_timer(napi_env env, napi_callback_info info) {
  (void)info;
  return result_of(env, timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create");
}

// (fd, Unix time in milliseconds): readable then, or as soon as somebody sets the clock.
static napi_value set_wall_timer(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  args(env, info, a);
  int64_t ms = to_int(env, a[1]);
  // All zeros would disarm it.
  if (ms < 1) ms = 1;
  struct itimerspec due = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}};
  int status = timerfd_settime(to_int(env, a[0]), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &due, NULL);
  return result_of(env, status, "timerfd_settime");
}

// (fd): forgets that it was readable.
static napi_value clear_wall_timer(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS];
  uint64_t expirations;
  args(env, info, a);
  // ECANCELED: the clock was set.
  if (read(to_int(env, a[0]), &expirations, sizeof expirations) < 0 && errno != ECANCELED && errno != EAGAIN)
    return fail(env, "read");
  return NULL;
}

// ---- the kernel's own small files ----

// (path) -> all of the file, a character for each byte; null: it cannot be read. An exception costs more than the rest.
static napi_value read_kernel_file(napi_env env, napi_callback_info info) {
  napi_value a[MAX_ARGS], text = NULL;
  char path[PATH_MAX], room[4096], *bytes = room;
  size_t length = 0, size = sizeof room;
  ssize_t got = -1;
  args(env, info, a);
  napi_get_value_string_utf8(env, a[0], path, sizeof path, &length);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  length = 0;
  while (fd >= 0 && (got = read(fd, bytes + length, size - length)) > 0) {
    length += got;
    if (length < size) continue;
    char *larger = malloc(2 * size);
    if (larger == NULL) break;
    memcpy(larger, bytes, size);
    if (bytes != room) free(bytes);
    bytes = larger;
    size *= 2;
  }
  if (fd >= 0) close(fd);
  if (got == 0) napi_create_string_latin1(env, bytes, length, &text);
  else napi_get_null(env, &text);
  if (bytes != room) free(bytes);
  return text;
}

static napi_value init(napi_env env, napi_value exports) {
  static const struct {
    const char *name;
    napi_callback call;
  } calls[] = {
      {"listenUnix", listen_unix}, {"listenTcp", listen_tcp},     {"peer", peer},           {"notify", notify},
      {"socketOf", socket_of},     {"answers", answers},          {"setFsIds", set_fs_ids}, {"openAt", open_at}, {"linkFile", link_file},
      {"cloexec", cloexec},        {"pipe", make_pipe},           {"makeFifo", make_fifo},           {"spawn", spawn},         {"pidfdOpen", pidfd_open},
      {"reap", reap},              {"pidfdSignal", pidfd_signal}, {"lock", lock},           {"pidfdGetfd", pidfd_getfd},
      {"endedChild", ended_child}, {"subreaper", subreaper},   {"hasIpv6", has_ipv6},   {"user", user},           {"group", group},
      {"watch", watch},            {"unwatch", unwatch},          {"epoll", epoll_of},          {"collapse", collapse},   {"lowerThread", lower_thread},
      {"read", read_into},         {"write", write_from},
      {"unblock", unblock},        {"listenAgain", listen_again}, {"openTerminal", open_terminal},
      {"resizeTerminal", resize_terminal},                        {"closeElsewhere", close_elsewhere},
      {"wallTimer", wall_timer},   {"setWallTimer", set_wall_timer}, {"clearWallTimer", clear_wall_timer},
      {"readKernelFile", read_kernel_file},
      {"noteConnections", note_connections}, {"wasConnected", was_connected}, {"stopNoting", stop_noting},
      {"trim", trim},              {"sha256", sha256},              {"randomHex", random_hex},
  };
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    napi_value function;
    napi_create_function(env, calls[i].name, NAPI_AUTO_LENGTH, calls[i].call, NULL, &function);
    napi_set_named_property(env, exports, calls[i].name, function);
  }
  return exports;
}

NAPI_MODULE(hostd, init)
