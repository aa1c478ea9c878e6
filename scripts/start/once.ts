/** `npm start -- --once FILE…`: a hub, the agent's one-shot command until all is archived, and one line of figures per file. */
import { forgetProcesses, rememberProcesses, stopOrphans, type Child } from './child.ts';
import { archivedLines, askHub } from './figures.ts';
import { formatCount, LiveLine } from './live-line.ts';
import { type StartOptions, UsageError } from './options.ts';
import { openPlace, type Place, writeConfigs } from './place.ts';
import { parseJson, startHub, startShip, waitUntilReady } from './products.ts';
import { say, searchCommand } from './say.ts';
import type { StopOrder } from './stop-order.ts';

const figuresEveryMs = 1_000;
/** Nothing comes after the files: their last lines need not wait for company. */
const rollInterval = '500ms';

export async function once(options: StartOptions, order: StopOrder): Promise<void> {
  using place = await openPlace(options.dataDir);
  for (const name of await stopOrphans(place.processesFile)) {
    process.stderr.write(`stopped the ${name} that an earlier start had left running\n`);
  }
  writeConfigs(place, { inputs: [], rollInterval });
  await using hub = startHub(place);
  rememberProcesses(place.processesFile, [hub]);
  await waitUntilReady(hub, async () => (await askHub(place))?.state === 'ready', order.stop);
  const ship = await shipFiles({ place, hub, options, order });
  await hub.stop();
  forgetProcesses(place.processesFile);
  for (const line of figureLines(ship.output)) say(line);
  process.stderr.write(`search: ${searchCommand(options.typedDataDir, 'PATTERN')}\n`);
}

interface Shipping {
  readonly place: Place;
  readonly hub: Child;
  readonly options: StartOptions;
  readonly order: StopOrder;
}

async function shipFiles({ place, hub, options, order }: Shipping): Promise<Child> {
  await using ship = startShip(place, options.files);
  rememberProcesses(place.processesFile, [hub, ship]);
  const line = new LiveLine(process.stderr);
  const linesBefore = archivedLines(await askHub(place));
  let isOver = false;
  const showProgress = async (): Promise<void> => {
    const lines = archivedLines(await askHub(place)) - linesBefore;
    // An answer may come after the end, when the figures say more; and 0 lines would only say that none was there yet.
    if (!isOver && lines > 0) line.show(`archived ${formatCount(lines)} lines`);
  };
  const timer = setInterval(() => void showProgress(), figuresEveryMs);
  const stopped = Promise.withResolvers<void>();
  order.stop.addEventListener('abort', () => stopped.resolve(), { once: true });
  const hubEnded = hub.ended.then(() => 'hub' as const);
  const winner = await Promise.race([ship.ended, stopped.promise, hubEnded]).finally(() => clearInterval(timer));
  isOver = true;
  line.clear();
  order.stop.throwIfAborted();
  if (winner === 'hub') throw new UsageError(`the hub ended by itself. The end of ${hub.log}:\n${hub.logTail()}`, 1);
  const { code, signal } = await ship.ended;
  if (code === 0) return ship;
  const how = signal === null ? `exit code ${code}` : signal;
  throw new UsageError(
    `the agent did not ship everything (${how}). The end of ${ship.log}:\n${ship.logTail()}`,
    code === 2 ? 2 : 1,
  );
}

/** The agent's JSON lines, one per file, as people read them. */
function figureLines(output: string): string[] {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => {
      const value = parseJson(line);
      if (typeof value !== 'object' || value === null) return line;
      const { path, lines, bytes, seconds } = { path: '', lines: 0, bytes: 0, seconds: 0, ...value };
      return `${path}  lines ${lines}  bytes ${bytes}  seconds ${seconds.toFixed(2)}`;
    });
}
