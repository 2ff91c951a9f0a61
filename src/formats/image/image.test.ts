import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf, textsOf, warningsOf } from '../cases.test.ts';

const texts = (toml: string) => textsOf(hostOf(toml), 'image', false);
const hello = '[app.hello]\nroot = "/webapps/hello_django"\nproject = "/webapps/hello_django/hello"\n';

test('the virtualenv and the code are where they are on the machine, and nobody in it is root', () => {
  const text = texts(hello)['/webapps/hello_django/hello/Containerfile'] ?? '';
  assert.match(text, /^WORKDIR \/webapps\/hello_django\/hello\nCOPY \. \.\/$/m);
  assert.match(text, /^COPY --from=build \["\/webapps\/hello_django", "\/webapps\/hello_django"\]$/m);
  assert.match(text, /^USER 10001:10001$/m);
  assert.match(
    text,
    /^CMD \["\/webapps\/hello_django\/bin\/gunicorn", "hello\.wsgi:application", .*"--bind", "0\.0\.0\.0:8000"/m,
  );
  assert.match(text, /manage\.py collectstatic --noinput/);
});

test('packages come from uv.lock, requirements.txt or pyproject.toml; the project is made no package, and uv stays behind', () => {
  const text = texts(hello)['/webapps/hello_django/hello/Containerfile'] ?? '';
  assert.match(
    text,
    /if \[ -f uv\.lock \].*\n.*pip install .* uv && .*uv sync --frozen --inexact --no-dev --no-install-project/,
  );
  assert.match(text, /uv pip install --python "\$VIRTUAL_ENV\/bin\/python" --requirements pyproject\.toml;/);
  assert.doesNotMatch(text, /pip install \.|VIRTUAL_ENV\/bin\/uv/);
});

test('code outside of the virtualenv is copied, too', () => {
  const text =
    texts('[app.hello]\nroot = "/venv"\nproject = "/srv/hello"\n')['/srv/hello/Containerfile'] ?? '';
  assert.match(text, /^COPY --from=build \["\/srv\/hello", "\/srv\/hello"\]$/m);
});

test('secrets are in no image; static files are collected without them', () => {
  const text =
    texts(`${hello}[app.hello.env]\nSECRET_KEY = "hunter2"\nDEBUG = "0"\nODD = "a\\n\\"$b"\n`)[
      '/webapps/hello_django/hello/Containerfile'
    ] ?? '';
  assert.doesNotMatch(text, /hunter2/);
  assert.match(text, /SECRET_KEY=not-there-yet "\$VIRTUAL_ENV\/bin\/python" manage\.py/);
  assert.match(text.slice(0, text.lastIndexOf('FROM')), /^ENV DEBUG="0"$/m);
  assert.doesNotMatch(text.slice(text.lastIndexOf('FROM')), /DEBUG/);
});

test('a number as user is the user of the image', () => {
  const text =
    texts('[app.hello]\nroot = "/w"\nuser = "1502"\ngroup = "1600"\n')['/w/hello/Containerfile'] ?? '';
  assert.match(text, /^USER 1502:1600$/m);
});

test('what others made in the project stays out of the image', () => {
  const ignored = texts('[app.hello]\nroot = "/srv/x"\nproject = "/srv/x"\nenv_file = "/srv/x/hello.env"\n');
  const lines = ignored['/srv/x/.containerignore']?.split('\n') ?? [];
  assert.equal(ignored['/srv/x/Containerfile.dockerignore'], ignored['/srv/x/.containerignore']);
  for (const name of ['bin', 'lib', 'pyvenv.cfg', 'static', 'media', 'logs', 'hello.env', '.git', '**/.env'])
    assert.ok(lines.includes(name), name);
});

test('apps that share a project have an image each, and one .containerignore', () => {
  const toml = ['a', 'b'].map(name => `[app.${name}]\nroot = "/v/${name}"\nproject = "/p"\n`).join('');
  assert.deepEqual(Object.keys(texts(toml)), [
    '/p/Containerfile.a',
    '/p/Containerfile.a.dockerignore',
    '/p/.containerignore',
    '/p/Containerfile.b',
    '/p/Containerfile.b.dockerignore',
  ]);
});

test('odd paths are quoted, so that the builder replaces nothing in them', () => {
  const text =
    texts(`[app.hello]\nroot = "/w $X'q\\"d"\nproject = "/p [a] $Y"\n`)['/p [a] $Y/Containerfile'] ?? '';
  assert.match(text, /^ENV VIRTUAL_ENV="\/w \\\$X'q\\"d"$/m);
  assert.match(text, /^WORKDIR \/p \[a\] \\\$Y$/m);
  assert.ok(text.includes(String.raw`COPY --from=build ["/w \\$X\\'q\\\"d", "/w \\$X\\'q\\\"d"]`), text);
});

test('a file of variables is told, since the settings are loaded without it', () => {
  assert.match(
    warningsOf(hostOf(`${hello}env_file = "/e"\n`), 'image').join('\n'),
    /env_file: its variables/,
  );
});
