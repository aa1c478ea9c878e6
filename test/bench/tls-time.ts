import { execFileSync } from 'node:child_process';
import { Stack } from '../harness/stack.ts';
import { ratioFigure, type Bench, type Measurement } from './figure.ts';
import { measure, median } from './measure.ts';

/** The transfer of edge-time with TLS, certificates of both ends included, and without, in turn: throughput at least 0.7 of that without. */
export const tlsTime: Measurement = {
  figures: ['tls-time'],
  measure: async (bench) => {
    const sealed: number[] = [];
    const plain: number[] = [];
    for (let run = 0; run < bench.runs; run += 1) {
      // Who goes first meets what the other left for the disk to do: they take turns.
      const order = run % 2 === 0 ? [true, false] : [false, true];
      for (const tls of order) (tls ? sealed : plain).push(await shipped(bench, tls));
    }
    const toolValue = median(plain);
    const figure = ratioFigure('tls-time', 's', { value: median(sealed), tool: 'without TLS', toolValue, limit: 1.43 });
    const megabytes = bench.log.bytes / 1e6;
    bench.note(`with TLS ${(megabytes / figure.value).toFixed(0)} MB/s, without ${(megabytes / toolValue).toFixed(0)} MB/s`);
    return [figure];
  },
};

/** Seconds until the hub has all of the log durably, from the start of the process. */
async function shipped({ programs, log }: Bench, tls: boolean): Promise<number> {
  await using stack = await Stack.make({ programs, tls, hub: { outputs: [{ kind: 'archive' }] }, inputs: () => [] });
  if (tls) await stack.agent.enroll(await stack.hub.createToken(), '--ship');
  await stack.agent.writeConfig();
  execFileSync('sync');
  const cost = await measure([...programs.agent, 'ship', '--config', stack.agent.configPath, '--until', 'acked', log.path]);
  if (cost.code !== 0) throw new Error(`ship ended with ${cost.code}\n${cost.stdout}${cost.stderr}\n${stack.hub.program.tail()}`);
  await stack.hub.program.stop();
  return cost.saidSeconds;
}
