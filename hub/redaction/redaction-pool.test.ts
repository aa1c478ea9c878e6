import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import { RedactionPool } from './redaction-pool.ts';
import { rawRedaction, type RawRedaction } from './redactions.ts';
import { RedactionEndedError } from './watched-thread.ts';

const entry = {
  asset: 'hanging-redaction-thread.js',
  url: new URL('../testing/hanging-redaction-thread.ts', import.meta.url),
};

test('a thread that does not come back is replaced, its senders hear that they may send again, and health says so', async () => {
  const logged: LogEntry[] = [];
  let nowMs = 0;
  await using pool = new RedactionPool(entry, {
    redactions: { of: () => undefined },
    size: 1,
    msMax: 800,
    looksMs: 20,
    monotonic: () => nowMs,
    logger: createLogger({ level: 'info', sink: (line) => void logged.push(line) }),
  });
  const findings = new RecordingFindings();
  pool.tellTo(findings);
  const redaction: RawRedaction | undefined = rawRedaction([{ presets: ['card'], patterns: [], action: 'mask' }]);
  assert.ok(redaction !== undefined);
  const records = async (text: string): Promise<string> => {
    const bytes = await pool.records(redaction, Buffer.from(text), { lengths: [text.length], encoding: 'utf-8' });
    return Buffer.from(bytes).toString();
  };
  assert.equal(await records('good\n'), 'good\n');
  assert.deepEqual(findings.all(), []);
  const stuck = records('hang\n');
  const behind = records('good\n');
  nowMs += 900;
  await assert.rejects(stuck, RedactionEndedError);
  await assert.rejects(behind, RedactionEndedError);
  assert.equal(await records('good\n'), 'good\n');
  assert.match(findings.all()[0]?.reason ?? '', /did not come back .* within 800ms and was ended/);
  assert.equal(logged.length, 1);
  nowMs += 11 * 60_000;
  assert.equal(await records('good\n'), 'good\n');
  assert.deepEqual(findings.all(), []);
});
