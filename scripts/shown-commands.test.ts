import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownCommands, shownCommands } from './shown-commands.ts';

test('commands are found in indented blocks and in those fenced as sh, and nothing else is', () => {
  const page = [
    'Text with `hostctl stop all` in it.',
    '',
    '    $ sudo hostctl status     # all of them',
    '    hello       RUNNING   pid 1',
    '    # hostctl remove hello              stops it',
    '    # a remark',
    '    next: hostctl logs hello',
    '```toml',
    'command = "hostctl"',
    '```',
    '```sh',
    'anything | at all',
    '',
    '# a remark',
    '```',
    '    cd ~/x && hostd dev',
  ];
  assert.deepEqual(shownCommands(page.join('\n')), [
    { line: 3, text: 'sudo hostctl status' },
    { line: 5, text: 'hostctl remove hello' },
    { line: 12, text: 'anything | at all' },
    { line: 16, text: 'cd ~/x && hostd dev' },
  ]);
});

test('hostd and hostctl are found wherever a command may begin', () => {
  assert.deepEqual(ownCommands('cd ~/x && hostd dev'), ['hostd dev']);
  assert.deepEqual(ownCommands('sudo -u root hostctl logs a | grep hostctl'), ['hostctl logs a']);
  assert.deepEqual(ownCommands('hostctl exec a -- id > hostd'), ['hostctl exec a -- id']);
  assert.deepEqual(ownCommands('systemctl start hostd'), []);
});
