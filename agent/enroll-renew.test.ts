/**
 * A copy of a machine becomes an agent of its own, and is killed at every step of it: what waited in its buffer arrives once, under the
 * new identity, and nothing is ever sent under both.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { enrolHere } from './enrolment/testing/enrol-here.ts';
import { EnrolledAgent } from './enrolment/testing/enrolled-agent.ts';
import { settleIdentity } from './identity/identity.ts';
import { eventually } from './uplink/testing/uplink-under-test.ts';

const child = fileURLToPath(new URL('enrolment/testing/enrol-child.ts', import.meta.url));
const beforeAnswer = ['agent.enrolment.before-answer'];
const points = [
  ...beforeAnswer,
  'agent.enrolment.after-answer',
  'agent.buffer.before-rekeyed',
  'agent.buffer.after-rekeyed',
  'agent.enrolment.after-identity',
  'agent.enrolment.after-credentials',
  'agent.enrolment.before-done',
];

/** In a process of its own, which the crash point kills. */
async function killedAt(point: string, one: EnrolledAgent): Promise<void> {
  const killed = spawn(process.execPath, [child, one.data, one.door.token(), point], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [, signal] = await once(killed, 'exit');
  assert.equal(signal, 'SIGKILL');
}

/** Some of its lines are acknowledged, and some wait. */
async function machine(): Promise<EnrolledAgent> {
  const one = await EnrolledAgent.start();
  await one.enrol();
  await one.run({ platform: undefined });
  await one.read();
  appendFileSync(one.file, 'seen by both\n');
  await eventually('the first line is acknowledged', () => one.agent.counters.batchesAcked === 1);
  one.door.refusal = { status: 503, error: 'unavailable', hint: 'away' };
  one.door.site.cut();
  appendFileSync(one.file, 'written on the copy\n');
  await eventually('the second line waits', () => one.agent.buffer.status().unackedBatches === 1);
  await one.stop();
  one.door.refusal = undefined;
  return one;
}

for (const point of points) {
  test(`killed at ${point}`, async () => {
    await using one = await machine();
    const { site } = one.door;
    const before = settleIdentity({ folder: one.data }).agentId;
    const [old] = [...site.streams.keys()];
    await killedAt(point, one);
    // Once the site has answered, a start is enough: it does what is left.
    if (beforeAnswer.includes(point)) await enrolHere(one.data, decodeEnrolmentToken(one.door.token()), { asNew: true });
    const hellos = site.hellos.length;
    await one.run({ platform: undefined });
    await one.read();
    appendFileSync(one.file, 'written after\n');
    await eventually('all of it is there', () => site.text(one.file).endsWith('written after\n'));
    const after = settleIdentity({ folder: one.data }).agentId;
    assert.notEqual(after, before);
    assert.deepEqual([...new Set(site.hellos.slice(hellos).map(({ agentId }) => agentId))], [after]);
    assert.equal(one.agent.tls.identity?.agentId, after);
    const texts = [...site.streams].map(([id, { bytes }]) => [id === old ? 'old' : 'new', bytes.toString()]);
    assert.deepEqual(texts, [
      ['old', 'seen by both\n'],
      ['new', 'written on the copy\nwritten after\n'],
    ]);
    assert.deepEqual([site.duplicates, site.gaps.length], [0, 0]);
    const keys = one.door.requests.slice(1).map(({ body }) => `${String(body['id'])} ${String(body['publicKey'])}`);
    assert.equal(new Set(keys).size, 1, 'one new identity, and one use of the token');
  });
}
