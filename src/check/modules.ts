// Where Python would find a module, told from names of files alone: no code is run. Pure, but for the tree that it is handed.

/** The files of a machine, as far as a question about modules goes. */
export interface Tree {
  kind(path: string): 'file' | 'directory' | 'none';
  /** Names in a directory; none where it cannot be read. */
  list(path: string): readonly string[];
}

export type Found =
  | { readonly kind: 'there'; readonly file: string }
  /** `part` is not in `directory`, where it would have to be. */
  | { readonly kind: 'missing'; readonly part: string; readonly directory: string }
  /** What is there needs Python to be understood. */
  | { readonly kind: 'unknown' };

/** Looks for "a.b.c" in these directories of sys.path, in this order. */
export function findModule(name: string, path: readonly string[], tree: Tree): Found {
  const [first = '', ...rest] = name.split('.');
  const root = path.find(directory => isModule(directory, first, tree));
  if (root !== undefined) return descend(root, first, rest, tree);
  const isOpen = path.some(directory => tree.list(directory).some(addsToPath));
  return isOpen ? { kind: 'unknown' } : { kind: 'missing', part: first, directory: path[0] ?? '' };
}

/** Files of that kind put further directories on the path; those that every virtualenv has do not. */
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
  // A module that is one file may put anything below its name.
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

/** Names of modules of the same package that may have been meant: "one.wsgi" for "one.wsgii". */
export function neighbours(name: string, found: Found & { kind: 'missing' }, tree: Tree): readonly string[] {
  const parts = name.split('.');
  const at = parts.indexOf(found.part);
  return tree.list(found.directory).flatMap(file => {
    const module = file.endsWith('.py') ? file.slice(0, -3) : file;
    if (!/^[A-Za-z_]\w*$/.test(module) || module.startsWith('__')) return [];
    return [[...parts.slice(0, at), module, ...parts.slice(at + 1)].join('.')];
  });
}
