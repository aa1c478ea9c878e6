/**
 * Four files, 100 MB/s of writing in all by processes that append and wait for nobody, rotated every second for a minute: by rename
 * with a signal, and by copytruncate. Counted are lines that are not in the archive, or more than once.
 */
import { readdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AgentHost } from '../harness/agent-host.ts';
import { archivedRawBytes, archiveObjects } from '../harness/archive-objects.ts';
import { HubHost } from '../harness/hub-host.ts';
import { numberAt, parseJson } from '../harness/json.ts';
import { Program } from '../harness/program.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';
import { plainFigure, type Bench, type Figure, type Measurement } from './figure.ts';
import { lineBytes, tallyLines } from './storm-lines.ts';

const files = 4;
const bytesPerSecond = 25_000_000;
/** For a short try; the figures hold for a minute. */
const seconds = Number(process.env['TRIBUTARY_STORM_SECONDS'] ?? 60);
const standstillMs = 60_000;
const writer = fileURLToPath(new URL('./storm-writer.ts', import.meta.url));

type Mode = 'rename' | 'copytruncate';

export const rotationStorm: Measurement = {
  figures: ['rotation-storm', 'rotation-storm-rename', 'rotation-storm-copytruncate'],
  long: true,
  measure: async (bench) => [...(await storm(bench, 'rename')), ...(await storm(bench, 'copytruncate'))],
};

async function storm(bench: Bench, mode: Mode): Promise<readonly Figure[]> {
  const { programs, note } = bench;
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  const logs = await scratch.folder('logs');
  await hub.start();
  await using agent = new AgentHost({
    programs,
    scratch,
    hubs: () => [hub.url],
    config: { rotation: groups(logs, mode), events: { enabled: false } },
    inputs: [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app' }],
  });
  await agent.start();
  await using owned = new AsyncDisposableStack();
  const beganMs = performance.now();
  const writers = Array.from({ length: files }, (_, stream) => {
    const args = [`${logs}/${stream}.log`, `${stream}`, `${bytesPerSecond}`, `${logs}/${stream}.pid`];
    return owned.use(new Program({ name: `writer ${stream}`, command: [process.execPath, writer], args }));
  });
  await sleep(seconds * 1000);
  await Promise.all(writers.map(async (program) => await program.stop()));
  const told = writers.map(({ stdout }) => parseJson(stdout));
  const written = told.map((report) => numberAt(report, 'lines'));
  const bytes = written.reduce((sum, lines) => sum + lines * lineBytes, 0);
  const wroteSeconds = Math.max(...told.map((report) => numberAt(report, 'seconds')));
  const arrived = await archivedBytes(hub, bytes);
  const took = (performance.now() - beganMs) / 1000;
  const left = readdirSync(logs).filter((name) => /\d{6}Z/.test(name));
  const rotations = agent.program.logs.filter(({ message }) => message === 'a file was rotated by the agent').length;
  await agent.program.stop();
  await hub.program.stop();
  const { lost, doubled } = await tallyLines(await archiveObjects(hub.archive), written);
  const stallMs = Math.max(...told.map((report) => numberAt(report, 'longestWriteMs')));
  note(
    `${mode}: ${(bytes / 1e6).toFixed(0)} MB in ${wroteSeconds.toFixed(1)} s (${(bytes / 1e6 / wroteSeconds).toFixed(0)} MB/s), ` +
      `${rotations} rotations, ${left.length} rotated files kept; all archived ${(took - wroteSeconds).toFixed(1)} s later; ` +
      `longest write ${stallMs.toFixed(0)} ms; ${lost} lines lost, ${doubled} doubled` +
      (arrived < bytes ? `; ${bytes - arrived} bytes never arrived` : ''),
  );
  if (mode === 'copytruncate') note(`what is left in place: ${leftBytes(logs)} bytes`);
  const lostFigure = plainFigure(`rotation-storm-${mode}-lost`, 'lines', lost + doubled, { atMost: 0 });
  return [lostFigure, plainFigure(`rotation-storm-${mode}`, 'MB/s', bytes / 1e6 / took, {})];
}

function groups(logs: string, mode: Mode): readonly Readonly<Record<string, unknown>>[] {
  const schedule = '* * * * * *';
  return Array.from({ length: files }, (_, stream) => ({
    name: `file-${stream}`,
    paths: [`${logs}/${stream}.log`],
    schedule,
    compress: 'none',
    keep: { count: 5 },
    mode,
    ...(mode === 'rename' ? { signal: { pid_file: `${logs}/${stream}.pid` } } : {}),
  }));
}

/** Waits until all is archived, or nothing has moved for long. */
async function archivedBytes(hub: HubHost, bytes: number): Promise<number> {
  let last = -1;
  let changedMs = performance.now();
  const look = async (): Promise<boolean> => {
    const now = await archivedRawBytes(hub.archive);
    if (now !== last) changedMs = performance.now();
    last = now;
    return now >= bytes || performance.now() - changedMs > standstillMs;
  };
  await until('all is archived', look, { deadlineMs: 1_800_000, everyMs: 500, detail: () => hub.program.tail() });
  return last;
}

function leftBytes(logs: string): number {
  const live = readdirSync(logs).filter((name) => name.endsWith('.log'));
  return live.reduce((sum, name) => sum + statSync(`${logs}/${name}`).size, 0);
}
