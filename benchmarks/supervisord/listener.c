// The event listener that both supervisors have: it notes each event as soon as the whole of it is there, then answers OK.
//   listener NOTES
// A note is one line, "EVENT BYTES NANOSECONDS DATA": BYTES of data follow the payload's first line, of which DATA is the beginning.
// The time is that of CLOCK_MONOTONIC.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void answer(const char *text) {
  if (write(1, text, strlen(text)) < 0) _exit(1);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int notes = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (notes < 0) return 1;
  char header[1024];
  answer("READY\n");
  while (fgets(header, sizeof header, stdin) != NULL) {
    char event[64] = "";
    const char *name = strstr(header, "eventname:");
    const char *length = strstr(header, "len:");
    if (name == NULL || length == NULL || sscanf(name, "eventname:%63s", event) != 1) return 1;
    size_t size = strtoul(length + 4, NULL, 10);
    char *payload = malloc(size + 1);
    if (payload == NULL || fread(payload, 1, size, stdin) != size) return 1;
    payload[size] = 0;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const char *data = memchr(payload, '\n', size);
    data = data == NULL ? payload + size : data + 1;
    char line[256];
    int count = snprintf(line, sizeof line, "%s %zu %lld %.*s\n", event, (size_t)(payload + size - data),
                         now.tv_sec * 1000000000LL + now.tv_nsec, (int)strcspn(data, "\n") > 40 ? 40 : (int)strcspn(data, "\n"), data);
    if (write(notes, line, count) != count) return 1;
    free(payload);
    answer("RESULT 2\nOKREADY\n");
  }
  return 0;
}
