// Log paths that mean hostd's own standard output or error, as in a container, where the container's runtime keeps them.

const paths: Readonly<Record<string, 1 | 2>> = {
  '/dev/stdout': 1,
  '/dev/fd/1': 1,
  '/proc/self/fd/1': 1,
  '/dev/stderr': 2,
  '/dev/fd/2': 2,
  '/proc/self/fd/2': 2,
};

/** The descriptor of hostd that a log path means; null: the path is a file. */
export function ownOutputOf(path: string | null): 1 | 2 | null {
  return path !== null && Object.hasOwn(paths, path) ? (paths[path] ?? null) : null;
}
