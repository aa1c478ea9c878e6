/** Whoever asks for health again and again, as the page does, is told that nothing changed, and of what does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberAt, parseJson } from '../harness/json.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const paths = ['health', 'health?order=id', 'health/platform', 'health/channels/default', 'sites'];

test('health that did not change is 304 seconds later, and 200 when it did', { timeout: 600_000 }, async () => {
  const listeners = { http: { address: '127.0.0.1:0' } };
  await using stack = await Stack.make({ hub: { listeners, health: { rules: { agent_silent: { after: '2s' } } } } });
  await stack.agent.start();
  const url = `http://127.0.0.1:${await stack.hub.portOf('http')}/api/v1`;
  const authorization = `Bearer ${await stack.hub.createToken('--scope', 'read', '--tenant', '*')}`;
  const ask = async (path: string, known?: string): Promise<{ status: number; etag: string; text: string }> => {
    const headers = { authorization, ...(known === undefined ? {} : { 'if-none-match': known }) };
    const answer = await fetch(`${url}/${path}`, { headers });
    return { status: answer.status, etag: answer.headers.get('etag') ?? '', text: await answer.text() };
  };
  const lookedMs = async (): Promise<number> => numberAt(parseJson((await ask('health')).text), 'atMs');
  const detail = (): string => stack.tail();

  await until('the agent is there', async () => /"agent":\{"green":1/.test((await ask('health')).text), { detail });
  // A hub that has just started has something new to tell now and then.
  const changed = async (): Promise<string[]> => {
    const known = await Promise.all(paths.map(async (path) => ({ path, etag: (await ask(path)).etag })));
    const thenMs = await lookedMs();
    await until('it was looked again', async () => (await lookedMs()) >= thenMs + 3000, { everyMs: 200, detail });
    const again = await Promise.all(known.map(async (one) => ({ ...one, now: await ask(one.path, one.etag) })));
    return again.filter(({ now, etag }) => now.status !== 304 || now.text !== '' || now.etag !== etag).map(({ path }) => path);
  };
  let last: readonly string[] = paths;
  const isAsBefore = async (): Promise<boolean> => (last = await changed()).length === 0;
  await until('all is as it was', isAsBefore, { detail: () => `${last.join()} is not\n${detail()}` });
  const { etag } = await ask('health');
  await stack.agent.program.stop();
  const told = await until('it is told that it changed', async () => {
    const answer = await ask('health', etag);
    return answer.status === 200 && answer.text.includes('"agent-silent"') && answer;
  });
  assert.notEqual(told.etag, etag);
});
