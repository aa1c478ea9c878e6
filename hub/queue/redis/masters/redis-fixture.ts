/** Masters over real servers, for tests. */
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import type { RedisOptions } from '../../../config/store-options.ts';
import type { FunctionLibrary } from './function-library.ts';
import type { Masters, Reply } from './masters.ts';
import { openMasters } from './open-masters.ts';

/** `test_add` writes and tells the run_id it was given, what there is now, and the body; `test_get` only reads. */
export const testLibrary: FunctionLibrary = {
  name: 'tributary_test',
  code: `#!lua name=tributary_test
redis.register_function('test_add', function(keys, args)
  redis.call('APPEND', keys[1], args[2])
  if keys[2] then redis.call('INCR', keys[2]) end
  return {args[1], redis.call('GET', keys[1])}
end)
redis.register_function{function_name='test_get', flags={'no-writes'}, callback=function(keys, args)
  return redis.call('GET', keys[1])
end}
redis.register_function{function_name='test_remove', flags={'allow-oom'}, callback=function(keys, args)
  return redis.call('DEL', keys[1])
end}
`,
};

export const testPrefix = 'tbt';

export function testRedisOptions(changes: Partial<RedisOptions>): RedisOptions {
  return {
    master_name: 'tributary',
    tls: false,
    min_replicas: 0,
    partitions: 8,
    memory: 64 * 1024 * 1024,
    prefix: testPrefix,
    ...changes,
  };
}

export interface TestMasters extends AsyncDisposable {
  readonly masters: Masters;
  readonly logged: readonly LogEntry[];
  /** Sentences of everything logged. */
  told(): string;
}

export async function testMasters(
  changes: Partial<RedisOptions>,
  {
    durability = 'full',
    libraries = [testLibrary],
    ...waiting
  }: Partial<Pick<Parameters<typeof openMasters>[0], 'durability' | 'libraries' | 'writes' | 'onWaiting'>> = {},
): Promise<TestMasters> {
  const logged: LogEntry[] = [];
  const logger = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
  const options = testRedisOptions(changes);
  const patience = {
    silenceMsMax: 1000,
    callWaitMsMax: 5000,
    replicasMsMax: 500,
    openMsMax: waiting.writes === true ? 10_000 : 2000,
  };
  const masters = await openMasters({ options, logger, clock: systemClock, durability, libraries, patience, ...waiting });
  return {
    masters,
    logged,
    told: () => logged.map(({ message }) => message).join('\n'),
    [Symbol.asyncDispose]: () => masters[Symbol.asyncDispose](),
  };
}

/** A reply as text, lists in brackets. */
export function replyText(reply: Reply): string {
  if (Array.isArray(reply)) return `[${reply.map(replyText).join(' ')}]`;
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply);
}
