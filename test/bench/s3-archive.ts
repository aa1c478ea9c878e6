import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { AgentHost } from '../harness/agent-host.ts';
import { archivedRawBytes, archiveObjects } from '../harness/archive-objects.ts';
import { HubHost } from '../harness/hub-host.ts';
import { S3Server } from '../harness/s3/s3-server.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';
import { type Bench, type Measurement, ratioFigure } from './figure.ts';
import { measure, median } from './measure.ts';

const bucket = 'archive';
const needle = 'elapsed=777ms';
const firstLines = 1000;
const deadlineMs = 300_000;
const lookEveryMs = 20;
/** A server on this machine that syncs what it takes, against a folder that is synced: as fast but for what goes through the socket and is signed. */
const limit = 1.5;

/**
 * A log that waits in a hub is archived into a bucket, against the same into a folder, in turn; then searched in both. Beside it what bare PUT
 * requests of the same objects take.
 */
export const s3Archive: Measurement = {
  figures: ['s3-archive', 's3-archive-cpu', 's3-search'],
  measure: async (bench) => {
    const [far, near]: [Archived[], Archived[]] = [[], []];
    for (let turn = 0; turn < bench.runs; turn += 1) {
      far.push(await archived(bench, true));
      near.push(await archived(bench, false));
    }
    const of = (runs: readonly Archived[], what: (one: Archived) => number): number => median(runs.map(what));
    const ratio = (name: string, what: (one: Archived) => number, most?: number): ReturnType<typeof ratioFigure> => {
      const [value, toolValue] = [of(far, what), of(near, what)];
      return ratioFigure(name, 's', { value, tool: 'in a folder', toolValue, limit: most });
    };
    const rate = bench.log.bytes / 1e6 / of(far, ({ seconds }) => seconds);
    const put = of(far, ({ putSeconds }) => putSeconds);
    bench.note(
      `s3-archive: ${rate.toFixed(0)} MB/s of log; bare PUT requests of its ${of(far, ({ objectMb }) => objectMb).toFixed(1)} MB of objects take ${put.toFixed(2)} s`,
    );
    return [
      ratio('s3-archive', ({ seconds }) => seconds, limit),
      ratio('s3-archive-cpu', ({ cpuSeconds }) => cpuSeconds, limit),
      ratio('s3-search', ({ searchSeconds }) => searchSeconds),
    ];
  },
};

interface Archived {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly searchSeconds: number;
  readonly putSeconds: number;
  readonly objectMb: number;
}

async function archived({ programs, log }: Bench, isFar: boolean): Promise<Archived> {
  await using scratch = await Scratch.make();
  await using server = await S3Server.start({ folder: scratch.file('s3'), buckets: [bucket, 'bare'] });
  const { endpoint, region, accessKey, secretKey } = server;
  const s3 = { bucket, endpoint, region, access_key: accessKey, secret_key: secretKey };
  const output = { kind: 'archive', roll_interval: '1s', ...(isFar ? { s3 } : {}) };
  await using hub = new HubHost({ programs, scratch, config: { outputs: [output] } });
  await hub.start();
  const folder = isFar ? server.bucketFolder(bucket) : hub.archive;
  await using agent = new AgentHost({ programs, scratch, hubs: () => [hub.url] });
  await agent.writeConfig();
  execFileSync('sh', ['-c', `head -n ${firstLines} '${log.path}' > '${scratch.file('first.log')}'`]);
  await run([...programs.agent, 'ship', '--config', agent.configPath, '--until', 'archived', scratch.file('first.log')]);
  const channel = async (verb: 'pause' | 'resume'): Promise<unknown> =>
    await run([...programs.hub, 'channel', verb, 'default/app', '--group', 'archive', '--config', hub.configPath]);
  await channel('pause');
  const before = await archivedRawBytes(folder);
  await run([...programs.agent, 'ship', '--config', agent.configPath, log.path]);
  execFileSync('sync');
  const cpuBefore = await hub.program.cpuSeconds();
  // The command that resumes takes a while to start, which is none of the archive's.
  await channel('resume');
  const startMs = performance.now();
  const isDone = async (): Promise<boolean> => (await archivedRawBytes(folder)) >= before + log.bytes;
  await until('all of it is archived', isDone, { deadlineMs, everyMs: lookEveryMs, detail: () => hub.program.tail() });
  const seconds = (performance.now() - startMs) / 1000;
  const cpuSeconds = (await hub.program.cpuSeconds()) - cpuBefore;
  const search = await run([...programs.hub, 'archive', 'search', '--config', hub.configPath, '--count', needle]);
  const bodies = await Promise.all((await archiveObjects(folder)).map(async (path) => await readFile(path)));
  const putMs = performance.now();
  for (const [number, body] of bodies.entries()) {
    const { status } = await server.request({ method: 'PUT', path: `/bare/${number}`, body });
    if (status !== 200) throw new Error(`a bare PUT was answered ${status}`);
  }
  const putSeconds = (performance.now() - putMs) / 1000;
  await hub.program.stop();
  const objectMb = bodies.reduce((sum, body) => sum + body.length, 0) / 1e6;
  return { seconds, cpuSeconds, searchSeconds: search.seconds, putSeconds, objectMb };
}

async function run(command: readonly string[]): Promise<{ readonly seconds: number }> {
  const cost = await measure(command);
  if (cost.code !== 0) throw new Error(`${command.slice(2).join(' ')} ended with ${cost.code}\n${cost.stdout}${cost.stderr}`);
  return cost;
}
