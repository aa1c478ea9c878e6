import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonDepthMax } from '../limits.ts';
import { endOfValue, JsonScanError, skipSpace } from './json-scanner.ts';

/** Whether the scanner takes all of it as one value. */
function takes(text: string): boolean {
  const bytes = Buffer.from(text);
  try {
    return skipSpace(bytes, endOfValue(bytes, skipSpace(bytes, 0))) === bytes.length;
  } catch (error) {
    assert.ok(error instanceof JsonScanError, String(error));
    return false;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('it takes what JSON.parse takes', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.nat(3), (text, indent) => takes(JSON.stringify(JSON.parse(text), null, indent))),
  );
});

test('it takes nothing else', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '\\',
    '\\u',
    '00',
    '0',
    '-',
    '1',
    '.',
    'e',
    'E+',
    'true',
    'nul',
    ' ',
    '\n',
    '\u0001',
    'é',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      assert.equal(takes(text), parses(text), JSON.stringify(text));
    }),
    { numRuns: 3000 },
  );
});

test('a value that was changed in one place is judged as JSON.parse judges it', () => {
  const change = fc.tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom('', '"', '}', ']', ',', '\\', '0', '-', 'x', '\t'));
  fc.assert(
    fc.property(change, ([text, at, piece]) => {
      const place = at % (text.length + 1);
      const changed = text.slice(0, place) + piece + text.slice(place + 1);
      assert.equal(takes(changed), parses(changed), JSON.stringify(changed));
    }),
    { numRuns: 3000 },
  );
});

test('brackets in one another have a limit, and millions of them cost nothing', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(takes(nested(jsonDepthMax)), true);
  assert.equal(takes(nested(jsonDepthMax + 2)), false);
  assert.equal(takes('['.repeat(1_000_000)), false);
  assert.equal(takes('{"a":'.repeat(jsonDepthMax + 1)), false);
});
