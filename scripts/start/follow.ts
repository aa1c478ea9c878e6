/**
 * `npm start`: hub and agent, and the log writer when no files were given, until Ctrl-C. Stopped in the order in which lines flow:
 * the writer, then (once all is archived) the agent, then the hub.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, forgetProcesses, rememberProcesses, stopOrphans } from './child.ts';
import { askAgent, archivedLines, askHub, type Figures, isSettled, readFigures } from './figures.ts';
import { formatCount, LiveLine, Rate } from './live-line.ts';
import type { StartOptions } from './options.ts';
import { openOwnLog, type OwnLog } from './own-log.ts';
import { buildPage, tellPage } from './page.ts';
import { openPlace, type Place, writeConfigs } from './place.ts';
import { childFailed, parseJson, startAgent, startHub, startLogWriter, waitUntilReady } from './products.ts';
import { displayPath, say, searchCommand } from './say.ts';
import type { StopOrder } from './stop-order.ts';

const figuresEveryMs = 1_000;
const settleEveryMs = 100;
const settleWaitMs = 30_000;
/** Small objects, so that lines are found soon; a hub in earnest waits longer. */
const rollInterval = '2s';

export async function follow(options: StartOptions, order: StopOrder): Promise<void> {
  using place = await openPlace(options.dataDir);
  for (const name of await stopOrphans(place.processesFile)) say(`stopped the ${name} that an earlier start had left running`);
  const ownLog = options.files.length === 0 ? openOwnLog(options.dataDir) : undefined;
  const paths = ownLog === undefined ? options.files : [`${ownLog.file}*`];
  writeConfigs(place, { inputs: [{ type: ownLog === undefined ? 'app' : 'access', paths }], rollInterval });
  await run({ place, options, ownLog, order });
}

interface Running {
  readonly place: Place;
  readonly options: StartOptions;
  readonly ownLog: OwnLog | undefined;
  readonly order: StopOrder;
}

async function run({ place, options, ownLog, order }: Running): Promise<void> {
  await buildPage(order.stop);
  await using hub = startHub(place);
  rememberProcesses(place.processesFile, [hub]);
  await waitUntilReady(hub, async () => (await askHub(place))?.state === 'ready', order.stop);
  const linesBefore = archivedLines(await askHub(place));
  await using agent = startAgent(place);
  rememberProcesses(place.processesFile, [hub, agent]);
  await waitUntilReady(agent, async () => (await askAgent(place)) !== undefined, order.stop);
  await using writer = ownLog === undefined ? undefined : startLogWriter(place, { file: ownLog.file, rate: options.rate });

  await tellWhereThingsAre({ place, options, ownLog, order });
  await showFigures({ place, linesBefore, children: [hub, agent, ...(writer === undefined ? [] : [writer])], order });
  say('stopping; a second Ctrl-C does not wait for lines on their way');
  await writer?.stop();
  const written = writer === undefined ? undefined : readWritten(writer);
  const last = await waitUntilSettled({ place, order, linesMin: linesBefore + (written?.lines ?? 0) });
  await agent.stop();
  await hub.stop();
  forgetProcesses(place.processesFile);

  const archived = (last?.linesArchived ?? linesBefore) - linesBefore;
  if (written !== undefined)
    say(`written   ${formatCount(written.lines)} lines, ${formatCount(written.bytes)} bytes, ${written.files} files`);
  say(`archived  ${formatCount(archived)} lines in this run, ${formatCount(linesBefore + archived)} in all`);
  if (last !== undefined && isSettled(last) && archived >= (written?.lines ?? 0)) {
    ownLog?.remove();
    say('stopped   everything that was read is in the archive');
  } else {
    say('stopped   what was on its way goes on at the next npm start');
  }
}

interface Shown {
  readonly place: Place;
  readonly linesBefore: number;
  readonly children: readonly Child[];
  readonly order: StopOrder;
}

/** Returns at the first Ctrl-C; throws when one of the processes ends by itself. */
async function showFigures({ place, linesBefore, children, order }: Shown): Promise<void> {
  const line = new LiveLine(process.stdout);
  const rate = new Rate();
  try {
    while (!order.stop.aborted) {
      const ended = children.find((child) => !child.running);
      if (ended !== undefined) throw childFailed(ended);
      const figures = await readFigures(place);
      if (figures !== undefined) {
        rate.sample(performance.now(), { lines: figures.linesRead, bytes: figures.bytesRead });
        if (rate.isKnown) line.show(figuresText(figures, { rate, linesBefore }));
      }
      await sleep(figuresEveryMs, undefined, { signal: order.stop }).catch(() => undefined);
    }
  } finally {
    line.end();
  }
}

function figuresText(figures: Figures, { rate, linesBefore }: { readonly rate: Rate; readonly linesBefore: number }): string {
  const archived = figures.linesArchived - linesBefore;
  const parts = [rate.text(), `read ${formatCount(figures.linesRead)}`, `archived ${formatCount(archived)}`];
  if (figures.bytesBehind > 0) parts.push(`${(figures.bytesBehind / 1e6).toFixed(1)} MB to read`);
  if (figures.files !== 1) parts.push(`${figures.files} files`);
  if (figures.trouble !== '') parts.push(figures.trouble);
  return parts.join(' · ');
}

interface Settling {
  readonly place: Place;
  readonly order: StopOrder;
  /** Lines that must be in the archive, at least: those the writer says it has written. */
  readonly linesMin: number;
}

/** Waits until all is archived, within reason. Gives back the last figures. */
async function waitUntilSettled({ place, order, linesMin }: Settling): Promise<Figures | undefined> {
  const giveUpMs = performance.now() + settleWaitMs;
  for (;;) {
    const figures = await readFigures(place);
    const isDone = figures !== undefined && isSettled(figures) && figures.linesArchived >= linesMin;
    if (isDone || order.hurry.aborted || performance.now() > giveUpMs) return figures;
    await sleep(settleEveryMs, undefined, { signal: order.hurry }).catch(() => undefined);
  }
}

function readWritten(writer: Child): { lines: number; bytes: number; files: number } {
  const value = parseJson(writer.output);
  const count = (key: string): number => {
    const found: unknown = typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : 0;
    return typeof found === 'number' ? found : 0;
  };
  return { lines: count('lines'), bytes: count('bytes'), files: count('files') };
}

async function tellWhereThingsAre({ place, options, ownLog, order }: Running): Promise<void> {
  const follows =
    ownLog === undefined
      ? options.files.map((file) => displayPath(file)).join(' ')
      : `${ownLog.file} (a log writer of ours, ${formatCount(options.rate)} lines/s)`;
  say('hub and agent run');
  say(`follows   ${follows}`);
  await tellPage(place, order.stop);
  say(`archive   ${displayPath(place.archiveDir)}`);
  say(`configs   ${displayPath(place.hubConfig)}  ${displayPath(place.agentConfig)}`);
  say(`logs      ${displayPath(place.hubLog)}  ${displayPath(place.agentLog)}`);
  say(`search    ${searchCommand(options.typedDataDir, ownLog === undefined ? 'PATTERN' : "'GET /cart'")}`);
  say('stop      Ctrl-C');
}
