import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MasterError } from '../queue/redis/masters/masters.ts';
import { RegistryError } from '../registry/registry.ts';
import { startPatiently } from './start-patiently.ts';

interface Tries {
  readonly warned: unknown[];
  count: number;
}

function starting(errors: readonly Error[], stop = new AbortController().signal): { tries: Tries; started: Promise<string> } {
  const tries: Tries = { warned: [], count: 0 };
  const start = async (): Promise<string> => {
    const error = errors[tries.count];
    tries.count += 1;
    if (error !== undefined) throw error;
    return 'started';
  };
  const logger = { warn: (...told: unknown[]) => void tries.warned.push(told) };
  return { tries, started: startPatiently({ start, stop, logger, pauseMs: 1 }) };
}

test('a start that lost its store begins again, and says so', async () => {
  const lost = new MasterError('AMBIGUOUS', 'the connection was closed');
  // As it comes from the thread of the registry, without its cause.
  const unwritten = new RegistryError(
    'REGISTRY_UNAVAILABLE',
    'Redis has fewer replicas in time than its min-replicas-to-write asks for',
  );
  const { tries, started } = starting([lost, new Error('the registry cannot be read', { cause: lost }), unwritten]);
  assert.equal(await started, 'started');
  assert.deepEqual([tries.count, tries.warned.length], [4, 3]);
});

test('what is wrong for good ends it', async () => {
  const { tries, started } = starting([new MasterError('REFUSED', 'a right is missing')]);
  await assert.rejects(started, { code: 'REFUSED' });
  assert.deepEqual([tries.count, tries.warned.length], [1, 0]);
});

test('who stops waits for no other try', async () => {
  const stop = new AbortController();
  stop.abort();
  await assert.rejects(starting([new MasterError('UNAVAILABLE', 'away')], stop.signal).started, { code: 'UNAVAILABLE' });
});
