import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError, get } from './api.ts';

async function refusal(response: Response): Promise<ApiError> {
  const before = globalThis.fetch;
  globalThis.fetch = async () => await Promise.resolve(response);
  try {
    await get('/api/v1/health');
    throw new Error('it was not refused');
  } catch (error) {
    assert.ok(error instanceof ApiError);
    return error;
  } finally {
    globalThis.fetch = before;
  }
}

suite('what the page makes of a refusal', () => {
  test('the hub’s own words are told', async () => {
    const body = JSON.stringify({ error: 'unknown-agent', message: 'no agent has this id' });
    const { code, message } = await refusal(new Response(body, { status: 404 }));
    assert.deepEqual([code, message], ['unknown-agent', 'no agent has this id']);
  });

  test('what is no answer of a hub says what to look at', async () => {
    const { code, message, status } = await refusal(new Response('<h1>Bad gateway</h1>', { status: 502 }));
    assert.deepEqual([code, status], ['unknown', 502]);
    assert.match(message, /status 502, .*not as a hub does: .*proxy/);
  });
});
