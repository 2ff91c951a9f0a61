// Makes each of hostd's resident programs one file: dist/daemon/main.js gets all that it imports. Such a program starts with a third less
// work than one of some hundred modules, and stays smaller. Commands stay as tsc writes them, since each loads only a few modules. So do
// the modules: threads and the package's public export are among them. Packages are never put in.

import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

const dist = join(import.meta.dirname, '..', 'dist');
/** The folders whose main.js is a program that stays. */
const residents = ['daemon', 'daemon/supervisord', 'metrics', 'notify', 'probe', 'proxy', 'rpc', 'web'];

/** What begin.js loads first keeps signals for main.js, so both have the one module. */
const beforeMain = /\/early-signals\.js$/;

/** The hand-over is another errand, which a daemon need not load. In main.js its packages would be loaded with each start. */
const another = /\/hand-over\.js$/;

/** Within a program, import.meta stands for the module's own file, as it did before. `folder`: the program's. */
const ownPlaces = (folder: string): Plugin => ({
  name: 'own places',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: beforeMain }, ({ path, resolveDir }) => {
      const found = relative(folder, `${resolveDir}/${path}`);
      return { path: found.startsWith('.') ? found : `./${found}`, external: true };
    });
    onResolve({ filter: another }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const lean = withoutImports(text);
      return { contents: lean.includes('import.meta') ? withPlace(lean, relative(folder, path)) : lean };
    });
  },
});

/** An import of a built-in module loads whatever any of its exports needs: 13 MB for node:http. This loads what is named. */
function withoutImports(text: string): string {
  return text.replace(builtIn, (_, names: string, module: string) => {
    const wanted = names.replaceAll(/\s+as\s+/g, ': ');
    return `const ${wanted} = process.getBuiltinModule(${JSON.stringify(module)});`;
  });
}

const builtIn = /^import ({[^}]*}|\w+) from '(node:[^']+)';$/gm;

function withPlace(text: string, path: string): string {
  const own = `const { fileURLToPath: moduleFile } = process.getBuiltinModule('node:url');
const moduleUrl = new URL(${JSON.stringify(path)}, import.meta.url).href;
const modulePlace = { url: moduleUrl, filename: moduleFile(moduleUrl), dirname: moduleFile(new URL('.', moduleUrl)) };
`;
  return own + text.replaceAll('import.meta.', 'modulePlace.');
}

await Promise.all(
  residents.map(async name => {
    const folder = join(dist, name);
    await build({
      entryPoints: [`${folder}/main.js`],
      outfile: `${folder}/main.js`,
      allowOverwrite: true,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'esnext',
      charset: 'ascii',
      minifyWhitespace: true,
      lineLimit: 160,
      packages: 'external',
      plugins: [ownPlaces(folder)],
      logLevel: 'warning',
    });
  }),
);
