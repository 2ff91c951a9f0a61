// The program that every peer supervises: it notes when it has started, then does what its first argument says.
//   subject wait STAMPS NAME        waits for SIGTERM
//   subject slow STAMPS NAME MS     takes MS milliseconds to end after SIGTERM
//   subject log  STAMPS NAME LINES  after SIGUSR1 writes LINES lines of 100 bytes, one write(2) each, then waits
//   subject say  STAMPS NAME        at each SIGUSR1 writes a line: the time at which it does so
// A note is one line, "NAME PID NANOSECONDS", on CLOCK_MONOTONIC, which Node's process.hrtime reads too.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void note(const char *file, const char *name) {
  struct timespec now;
  char line[256];
  clock_gettime(CLOCK_MONOTONIC, &now);
  int length = snprintf(line, sizeof line, "%s %d %lld\n", name, getpid(), now.tv_sec * 1000000000LL + now.tv_nsec);
  int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, line, length) != length) _exit(1);
  close(fd);
}

static void say(void) {
  struct timespec now;
  char line[32];
  clock_gettime(CLOCK_MONOTONIC, &now);
  int length = snprintf(line, sizeof line, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
  if (write(1, line, length) != length) _exit(1);
}

static void on_term(int signal_number) {
  (void)signal_number;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  // Blocked before the note is written: a reader of the note may signal at once.
  sigset_t go;
  sigemptyset(&go);
  sigaddset(&go, SIGUSR1);
  sigprocmask(SIG_BLOCK, &go, NULL);
  if (strcmp(argv[1], "slow") == 0) signal(SIGTERM, on_term);
  note(argv[2], argv[3]);
  if (strcmp(argv[1], "slow") == 0 && argc > 4) {
    pause();
    long ms = atol(argv[4]);
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
    return 0;
  }
  int got;
  if (strcmp(argv[1], "say") == 0)
    while (sigwait(&go, &got) == 0) say();
  if (strcmp(argv[1], "log") == 0 && argc > 4) {
    sigwait(&go, &got);
    long lines = atol(argv[4]);
    char line[101];
    for (long i = 1; i <= lines; i++) {
      snprintf(line, sizeof line, "%099ld\n", i);
      for (size_t done = 0; done < 100;) {
        ssize_t wrote = write(1, line + done, 100 - done);
        if (wrote < 0) return 1;
        done += wrote;
      }
    }
  }
  for (;;) pause();
}
