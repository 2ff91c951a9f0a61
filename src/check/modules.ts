// Where Python would find a module, judged by the names of files only: no code is run. Pure: the tree is an argument.

/** The part of a machine's files that matters for modules. */
export interface Tree {
  kind(path: string): 'file' | 'directory' | 'none';
  /** Names in a directory; empty where it cannot be read. */
  list(path: string): readonly string[];
}

export type Found =
  | { readonly kind: 'there'; readonly file: string }
  /** `part` is not in `directory`, where it would have to be. */
  | { readonly kind: 'missing'; readonly part: string; readonly directory: string }
  /** Only Python can tell. */
  | { readonly kind: 'unknown' };

/** Looks for "a.b.c" in these directories of sys.path, in this order. */
export function findModule(name: string, path: readonly string[], tree: Tree): Found {
  const [first = '', ...rest] = name.split('.');
  const root = path.find(directory => isModule(directory, first, tree));
  if (root !== undefined) return descend(root, first, rest, tree);
  const isOpen = path.some(directory => tree.list(directory).some(addsToPath));
  return isOpen ? { kind: 'unknown' } : { kind: 'missing', part: first, directory: path[0] ?? '' };
}

/** Whether a file of this kind adds directories to the path. Those that every virtualenv has do not. */
function addsToPath(file: string): boolean {
  return (
    /\.(pth|egg-link)$/.test(file) && !/^(distutils-precedence|_virtualenv)\.pth$|-nspkg\.pth$/.test(file)
  );
}

function descend(directory: string, part: string, rest: readonly string[], tree: Tree): Found {
  const inner = `${directory}/${part}`;
  const [next, ...others] = rest;
  if (tree.kind(inner) === 'directory') {
    if (next === undefined) return { kind: 'there', file: `${inner}/__init__.py` };
    if (isModule(inner, next, tree)) return descend(inner, next, others, tree);
    return isCompiled(inner, next, tree)
      ? { kind: 'unknown' }
      : { kind: 'missing', part: next, directory: inner };
  }
  // A module that is one file may define anything below its name.
  return next === undefined && tree.kind(`${inner}.py`) === 'file'
    ? { kind: 'there', file: `${inner}.py` }
    : { kind: 'unknown' };
}

function isModule(directory: string, name: string, tree: Tree): boolean {
  return (
    tree.kind(`${directory}/${name}`) === 'directory' ||
    tree.kind(`${directory}/${name}.py`) === 'file' ||
    isCompiled(directory, name, tree)
  );
}

function isCompiled(directory: string, name: string, tree: Tree): boolean {
  return tree.list(directory).some(file => file.startsWith(`${name}.`) && /\.(so|pyc)$/.test(file));
}

/** Modules of the same package with a similar name: "one.wsgi" for "one.wsgii". */
export function neighbours(name: string, found: Found & { kind: 'missing' }, tree: Tree): readonly string[] {
  const parts = name.split('.');
  const at = parts.indexOf(found.part);
  return tree.list(found.directory).flatMap(file => {
    const module = file.endsWith('.py') ? file.slice(0, -3) : file;
    if (!/^[A-Za-z_]\w*$/.test(module) || module.startsWith('__')) return [];
    return [[...parts.slice(0, at), module, ...parts.slice(at + 1)].join('.')];
  });
}
