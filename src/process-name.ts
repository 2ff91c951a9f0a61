// Sets the name of this process in ps, top and pgrep. Node calls each of its processes "MainThread".

// An import of it would load all of its exports, streams and promises among them: a sixth of hostctl's whole start.
const { writeFileSync } = process.getBuiltinModule('node:fs');

/** Names this process, in at most 15 bytes; its command line stays as it is (proc_pid_comm(5)). */
export function nameProcess(name: string): void {
  try {
    writeFileSync('/proc/self/comm', name);
  } catch {
    // Only a name: /proc may be missing, or closed to a process whose binary its user may not read.
  }
}
