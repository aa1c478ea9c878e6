/**
 * Makes one fault in a bed where all is well, and looks at the tree of health each quarter of a second until everything is well again. The
 * fault stands for a while after its node has its colour, and so does what is well again, so that what changes late is seen, too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed, Fault, FaultRow, Health, SeenNode } from './fault.ts';

const lookEveryMs = 250;
/** A colour that comes later is none, and so is one that is still there. */
export const secondsMax = 15;
/** Longer than between two looks of the rules of health: what is well again stays so. */
const stayMs = 3500;
/** It is looked for longer than that, to tell how late it was; as long as a machine may take that does much else. */
const patienceMs = 120_000;
const calmMs = 120_000;
const silentMsMax = 5000;

interface Seen {
  readonly atMs: number;
  readonly health: Health;
}

export interface FaultPlace {
  /** As the table calls it. */
  readonly bed: string;
  /** How long the fault stands after its node has its colour. */
  readonly standsMs: number;
}

export async function runFault<OfBed extends Bed>(
  { bed: title, standsMs }: FaultPlace,
  bed: OfBed,
  fault: Fault<OfBed>,
): Promise<FaultRow> {
  await fault.prepare?.(bed);
  const nodes = await calm(bed);
  const isAsBefore = (health: Health | undefined): boolean => isWell(health) && nodes.every((id) => health.has(id));
  const watch = new Watch(bed);
  const [problems, late]: [string[], string[]] = [[], []];
  const wanted = (health: Health): SeenNode | undefined => matching(bed, health, fault);
  await using _ = watch.begin();
  const madeMs = await timed(fault.make(bed));
  const coloured = await watch.until(({ health }) => wanted(health) !== undefined, patienceMs);
  const reason = coloured === undefined ? shownNow(bed, watch.last, fault) : (wanted(coloured.health)?.reason ?? '');
  if (coloured !== undefined) await sleep(standsMs);
  const mendedMs = await timed(fault.repair(bed));
  const back = await watch.until(({ atMs, health }) => atMs > mendedMs && isAsBefore(health), patienceMs);
  const secondsToColour = coloured === undefined ? undefined : Math.max(0, coloured.atMs - madeMs) / 1000;
  const secondsBack = back === undefined ? undefined : (back.atMs - mendedMs) / 1000;
  if (back !== undefined) await sleep(stayMs);
  const told = Map.groupBy(watch.seen, (one) => placeOf(one, { bed, fault }));
  const textsOf = (place: Place): string[] =>
    (told.get(place) ?? []).map(({ id, level, reason: why }) => `${nameOf(bed, id)} ${level}: ${why}`);
  const others = textsOf('elsewhere');
  if (secondsToColour === undefined) problems.push(`${fault.node} was never ${fault.colour} with ${fault.reason.source}`);
  else if (secondsToColour > secondsMax) late.push(`it took longer than ${secondsMax} s to show`);
  if (secondsBack === undefined) problems.push(`it was not as before: ${stillWrong(bed, watch.last?.health, nodes)}`);
  else if (secondsBack > secondsMax) late.push(`it took longer than ${secondsMax} s to be as before`);
  if (secondsBack !== undefined && !isAsBefore(watch.last?.health))
    problems.push(`it did not stay as before: ${stillWrong(bed, watch.last?.health, nodes)}`);
  if (others.length > 0) problems.push(`others changed: ${others.join('; ')}`);
  const { name, node, colour } = fault;
  return { name, bed: title, node, colour, secondsToColour, secondsBack, also: textsOf('also'), others, reason, problems, late };
}

/** When it was done. What takes its time to be done, such as the start of a program, has no colour before. */
async function timed(work: Promise<void> | void): Promise<number> {
  await work;
  return performance.now();
}

/** All is green: what was made in the bed before is over. Resolves with the ids of the nodes that are there then. */
async function calm(bed: Bed): Promise<readonly string[]> {
  const endMs = performance.now() + calmMs;
  let last: Health | undefined;
  while (performance.now() < endMs) {
    last = await bed.look();
    if (isWell(last)) return [...last.keys()];
    await sleep(lookEveryMs);
  }
  throw new Error(`all is not well before the fault: ${stillWrong(bed, last)}\n${bed.tail()}`);
}

/** What a node said at a time. */
interface Said {
  readonly id: string;
  readonly level: SeenNode['state'];
  readonly reason: string;
}

class Watch {
  readonly #bed: Bed;
  readonly #seen = new Map<string, Said>();
  last: Seen | undefined;

  constructor(bed: Bed) {
    this.#bed = bed;
  }

  /** All that any node said until now, and nodes that had a colour that comes from nowhere. */
  get seen(): Iterable<Said> {
    return this.#seen.values();
  }

  begin(): AsyncDisposable {
    const stop = new AbortController();
    const looking = this.#look(stop.signal);
    return {
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await looking;
      },
    };
  }

  async until(isSo: (seen: Seen) => boolean, deadlineMs: number): Promise<Seen | undefined> {
    const endMs = performance.now() + deadlineMs;
    while (performance.now() < endMs) {
      if (this.last !== undefined && isSo(this.last)) return this.last;
      await sleep(lookEveryMs / 5);
    }
    return undefined;
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const health = await this.#bed.look().catch(() => undefined);
      if (health !== undefined && health.size > 0) this.#take(health);
      await sleep(lookEveryMs);
    }
  }

  #take(health: Health): void {
    this.last = { atMs: performance.now(), health };
    const children = Map.groupBy(health.values(), ({ parent }) => parent);
    for (const { id, state, reason, causes } of health.values()) {
      for (const cause of causes) this.#say({ id, level: colourOf(cause.level), reason: cause.reason });
      const below = [...causes.map(({ level }) => level), ...(children.get(id) ?? []).map((child) => child.state)];
      if (state !== 'green' && !below.includes(state)) this.#say({ id, level: state, reason: `of nothing below it: ${reason}` });
    }
  }

  #say(said: Said): void {
    this.#seen.set(`${said.id} ${said.level} ${said.reason}`, said);
  }
}

function matching<OfBed extends Bed>(bed: OfBed, health: Health, { node, colour, reason }: Fault<OfBed>): SeenNode | undefined {
  const found = health.get(idOf(bed, health, node));
  if (found?.state !== colour) return undefined;
  const cause = found.causes.find((one) => one.level === colour && reason.test(one.reason));
  return cause === undefined ? undefined : { ...found, reason: cause.reason };
}

function isWell(health: Health | undefined): health is Health {
  return health !== undefined && health.size > 0 && [...health.values()].every(({ state }) => state === 'green');
}

const gravity: readonly string[] = ['green', 'unknown', 'yellow', 'red'];

function colourOf(level: string): SeenNode['state'] {
  if (level !== 'yellow' && level !== 'red' && level !== 'unknown') throw new Error(`${level} is no level of a cause`);
  return level;
}

type Place = 'here' | 'also' | 'elsewhere';

/** The fault itself, what depends on it, or neither. */
function placeOf<OfBed extends Bed>(
  { id, level, reason }: Said,
  { bed, fault }: { readonly bed: OfBed; readonly fault: Fault<OfBed> },
): Place {
  const isTold = (told: readonly (readonly [string, RegExp])[]): boolean =>
    told.some(([node, says]) => globOf(node).test(nameOf(bed, id)) && says.test(reason));
  const isWorse = gravity.indexOf(level) > gravity.indexOf(fault.colour);
  if (!isWorse && isTold([[fault.node, fault.reason]])) return 'here';
  const also = isWorse ? [] : Object.entries(fault.also ?? {});
  return isTold([...also, ...Object.entries(fault.meanwhile ?? {})]) ? 'also' : 'elsewhere';
}

function globOf(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** With the names of the bed in the place of ids. */
export function nameOf({ names }: Bed, id: string): string {
  let name = id;
  for (const [hex, given] of names) name = name.replaceAll(hex, given);
  return name;
}

function idOf(bed: Bed, health: Health, name: string): string {
  const glob = globOf(name);
  return [...health.keys()].find((id) => glob.test(nameOf(bed, id))) ?? name;
}

function shownNow<OfBed extends Bed>(bed: OfBed, last: Seen | undefined, { node }: Fault<OfBed>): string {
  if (last === undefined) return 'nobody answered';
  const { atMs, health } = last;
  const silentMs = performance.now() - atMs;
  if (silentMs > silentMsMax) return `nobody answered for ${Math.round(silentMs / 1000)} s: ${bed.unanswered()}`;
  const found = health.get(idOf(bed, health, node));
  return found === undefined ? 'there is no such node' : `${found.state}: ${found.reason}`;
}

function stillWrong(bed: Bed, health: Health | undefined, nodes: readonly string[] = []): string {
  if (health === undefined || health.size === 0) return 'nobody answered';
  const wrong = [...health.values()].filter(({ state, causes }) => state !== 'green' && causes.length > 0);
  const gone = nodes.filter((id) => !health.has(id)).map((id) => `${nameOf(bed, id)} is gone`);
  return [...wrong.map(({ id, state, reason }) => `${nameOf(bed, id)} ${state}: ${reason}`), ...gone].join('; ');
}
