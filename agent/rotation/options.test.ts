import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, parseConfig } from '@tributary/shared/options/config-file.ts';
import * as z from 'zod';
import { rotationOptions } from './options.ts';

const schema = z.strictObject({ rotation: rotationOptions });

function problemOf(...lines: readonly string[]): string {
  const text = ['rotation:', '  - name: app', '    paths: [/log/app.log]', ...lines.map((line) => `    ${line}`)].join('\n');
  try {
    parseConfig({ file: 'agent.yaml', text, env: {}, schema });
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

test('what makes sense is taken', () => {
  assert.equal(problemOf('max_size: 100MiB', 'keep: { count: 7, age: 30d }', 'signal: { pid_file: /run/app.pid }'), '');
  assert.equal(problemOf('mode: copytruncate', 'cut: punch', 'max_age: 1d', 'compress: gzip'), '');
  assert.equal(problemOf('schedule: "0 0 * * *"', 'time_zone: Europe/Berlin', 'command: [/bin/true]', 'command_timeout: 5s'), '');
});

test('what cannot be meant is refused where it stands', () => {
  const refused: readonly (readonly [string, ...string[]])[] = [
    ['agent.yaml:2:11: .*needs max_size, max_age or schedule'],
    ['agent.yaml:5:16: .*must go without schedule', 'max_size: 1MiB', 'time_zone: Europe/Berlin'],
    ['agent.yaml:5:14: .*beside signal', 'signal: { pid_file: /p }', 'command: [/bin/true]', 'max_age: 1d'],
    ['agent.yaml:6:13: .*mode: copytruncate', 'mode: copytruncate', 'max_age: 1d', 'signal: { pid_file: /p }'],
    ['agent.yaml:5:10: .*mode: rename', 'max_age: 1d', 'cut: punch'],
    ['agent.yaml:6:21: .*compress: none', 'max_age: 1d', 'compress: none', 'compress_after: 1h'],
    ['agent.yaml:5:23: .*without a limit under keep', 'max_age: 1d', 'expire_unshipped: true'],
    ['agent.yaml:4:15: .*cron expression', 'schedule: "61 * * * *"'],
    ['agent.yaml:5:16: .*time zone', 'schedule: "0 * * * *"', 'time_zone: Mars/Olympus'],
  ];
  for (const [expected, ...lines] of refused) assert.match(problemOf(...lines), new RegExp(expected), lines.join('; '));
});

test("a name is one group's", () => {
  const group = '  - { name: app, paths: [/log/app.log], max_age: 1d }';
  const text = ['rotation:', group, group].join('\n');
  assert.throws(
    () => parseConfig({ file: 'agent.yaml', text, env: {}, schema }),
    /agent.yaml:3:13: .*another name: app is taken/,
  );
});
