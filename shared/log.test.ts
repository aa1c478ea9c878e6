import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatJson, formatText, type LogEntry } from './log.ts';

test('what a stranger chose, such as the name of its machine, gives no orders to the terminal and begins no line', () => {
  const fields = { host: '\u001b]0;owned\u0007', path: 'a\n12:00 ERROR all is lost', name: '\u009b2J', turned: '\u202egpj' };
  const entry: LogEntry = { time: 0, level: 'info', message: 'agent \u001b[2Jconnected\n', fields };
  const text = formatText(entry);
  assert.equal(/[\p{Cc}\u202e]/u.test(text.slice(0, -1)), false, JSON.stringify(text));
  assert.equal(text.at(-1), '\n');
  assert.equal(formatJson(entry).trimEnd().includes('\n'), false);
});
