import { execFileSync } from 'node:child_process';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { Stack } from '../harness/stack.ts';
import { ratioFigure, type Bench, type Measurement } from './figure.ts';
import { measure, median } from './measure.ts';

type Store = 'redis' | 'sqlite';

interface Shipped {
  readonly seconds: number;
  /** User and system time of the hub until then. */
  readonly hubCpuSeconds: number;
  readonly redisCpuSeconds: number;
}

/**
 * The transfer of edge-time into a hub whose queue is a Redis with `appendfsync always`, and into one with its own file, in turn: throughput
 * at least 0.35 of the latter's.
 */
export const redisTime: Measurement = {
  figures: ['redis-time'],
  measure: async (bench) => {
    const missing = await requireTool('redis');
    if (missing !== undefined) throw new Error(missing);
    const runs: Record<Store, Shipped[]> = { redis: [], sqlite: [] };
    for (let run = 0; run < bench.runs; run += 1) {
      // Who goes first meets what the other left for the disk to do: they take turns.
      const order: readonly Store[] = run % 2 === 0 ? ['redis', 'sqlite'] : ['sqlite', 'redis'];
      for (const store of order) runs[store].push(await shipped(bench, store));
    }
    const seconds = (store: Store): number => median(runs[store].map((one) => one.seconds));
    const toolValue = seconds('sqlite');
    const figure = ratioFigure('redis-time', 's', { value: seconds('redis'), tool: 'into SQLite', toolValue, limit: 2.86 });
    const rate = (store: Store): string => `${(bench.log.bytes / 1e6 / seconds(store)).toFixed(0)} MB/s`;
    bench.note(
      `into Redis ${rate('redis')}, into SQLite ${rate('sqlite')}: ${(1 / (figure.ratio ?? 1)).toFixed(2)} of its throughput`,
    );
    const cpu = (store: Store): string => `${median(runs[store].map((one) => one.hubCpuSeconds)).toFixed(2)} s`;
    const redisCpu = median(runs.redis.map((one) => one.redisCpuSeconds)).toFixed(2);
    bench.note(`CPU of the hub: ${cpu('redis')} over Redis, which took ${redisCpu} s itself; ${cpu('sqlite')} with SQLite`);
    return [figure];
  },
};

async function shipped({ programs, log }: Bench, store: Store): Promise<Shipped> {
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const redis = store === 'redis' ? owned.use(await startRedis(scratch.path)) : undefined;
  const queue = redis === undefined ? {} : { queue: { redis: { url: redis.url } } };
  const stack = owned.use(await Stack.make({ programs, hub: { outputs: [{ kind: 'archive' }], ...queue }, inputs: () => [] }));
  const { hub, agent } = stack;
  await agent.writeConfig();
  execFileSync('sync');
  const redisCpu = async (): Promise<number> =>
    redis === undefined ? 0 : Number(await redis.info('used_cpu_user')) + Number(await redis.info('used_cpu_sys'));
  const [hubBefore, redisBefore] = [await hub.program.cpuSeconds(), await redisCpu()];
  const cost = await measure([...programs.agent, 'ship', '--config', agent.configPath, '--until', 'acked', log.path]);
  const [hubAfter, redisAfter] = [await hub.program.cpuSeconds(), await redisCpu()];
  if (cost.code !== 0) throw new Error(`ship ended with ${cost.code}\n${cost.stdout}${cost.stderr}\n${hub.program.tail()}`);
  await hub.program.stop();
  return { seconds: cost.saidSeconds, hubCpuSeconds: hubAfter - hubBefore, redisCpuSeconds: redisAfter - redisBefore };
}
