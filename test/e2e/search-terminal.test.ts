/** Whoever writes to a log does not write to the terminal of who searches it; a pipe gets every byte. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { testPrograms } from '../harness/programs.ts';
import { Stack } from '../harness/stack.ts';

test('on a terminal a search shows what the terminal would obey, and elsewhere prints it', async () => {
  await using stack = await Stack.make();
  const line = 'wrong password for \u001b]0;owned\u0007\u009b2J';
  await writeFile(stack.log('auth.txt'), `${line}\r\n`);
  const shipped = await stack.ship('--until', 'archived', stack.log('auth.txt'));
  assert.equal(shipped.code, 0, shipped.stderr);
  const asked = ['archive', 'search', '--no-summary', '--config', stack.hub.configPath, 'password'];
  const piped = await stack.hub.run(...asked);
  assert.equal(piped.stdout, `${line}\r\n`);
  const command = [...testPrograms.hub, ...asked].map((word) => `'${word}'`).join(' ');
  const { stdout } = await promisify(execFile)('script', ['--quiet', '--return', '--command', command, '/dev/null']);
  assert.equal(stdout.replaceAll('\r', ''), `${String.raw`wrong password for \x1b]0;owned\x07\x9b2J`}\n`);
});
