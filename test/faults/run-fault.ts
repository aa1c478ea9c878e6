/**
 * Makes one fault in a bed where all is well, and looks at the tree of health each quarter of a second until everything is well again. The
 * fault stands for a while after its node has its colour, so that what changes late is seen, too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed, Fault, FaultRow, Health, SeenNode } from './fault.ts';

const lookEveryMs = 250;
/** A colour that comes later is none, and so is one that is still there. */
export const secondsMax = 15;
/** It is looked for longer than that, to tell how late it was. */
const patienceMs = 40_000;
const calmMs = 60_000;
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
  const before = await calm(bed);
  const watch = new Watch(bed, before);
  const problems: string[] = [];
  const wanted = (health: Health): SeenNode | undefined => matching(bed, health, fault);
  await using _ = watch.begin();
  const madeMs = await timed(fault.make(bed));
  const coloured = await watch.until(({ health }) => wanted(health) !== undefined, patienceMs);
  const reason = coloured === undefined ? shownNow(bed, watch.last, fault) : (wanted(coloured.health)?.reason ?? '');
  if (coloured !== undefined) await sleep(standsMs);
  const mendedMs = await timed(fault.repair(bed));
  const back = await watch.until(({ atMs, health }) => atMs > mendedMs && isAsBefore(health, before), patienceMs * 2);
  const secondsToColour = coloured === undefined ? undefined : Math.max(0, coloured.atMs - madeMs) / 1000;
  const secondsBack = back === undefined ? undefined : (back.atMs - mendedMs) / 1000;
  const others = strangers(watch.changed, { bed, fault });
  if (secondsToColour === undefined) problems.push(`${fault.node} was never ${fault.colour} with ${fault.reason.source}`);
  else if (secondsToColour > secondsMax) problems.push(`it took longer than ${secondsMax} s to show`);
  if (secondsBack === undefined) problems.push(`it was not as before: ${stillWrong(bed, watch.last?.health, before)}`);
  else if (secondsBack > secondsMax) problems.push(`it took longer than ${secondsMax} s to be as before`);
  if (others.length > 0) problems.push(`others changed: ${others.join('; ')}`);
  const { name, node, colour } = fault;
  return { name, bed: title, node, colour, secondsToColour, secondsBack, others, reason, problems };
}

/** When it was done. What takes its time to be done, such as the start of a program, has no colour before. */
async function timed(work: Promise<void> | void): Promise<number> {
  await work;
  return performance.now();
}

/** Nothing changes any more: what was made in the bed before is over. Waits for all to be green as long as that may come. */
async function calm(bed: Bed): Promise<Health> {
  const endMs = performance.now() + calmMs;
  let last: Health | undefined;
  while (performance.now() < endMs) {
    last = await bed.look();
    if (last !== undefined && last.size > 0 && [...last.values()].every(({ state }) => state === 'green')) return last;
    await sleep(lookEveryMs);
  }
  if (last === undefined) throw new Error(`nobody answers in this bed\n${bed.tail()}`);
  return last;
}

class Watch {
  readonly #bed: Bed;
  readonly #before: Health;
  /** Nodes that were worse than before at any time, with the reason that they had then. */
  readonly changed = new Map<string, SeenNode>();
  last: Seen | undefined;

  constructor(bed: Bed, before: Health) {
    this.#bed = bed;
    this.#before = before;
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
    for (const node of health.values()) {
      if (node.state === 'green' || node.state === (this.#before.get(node.id)?.state ?? 'green')) continue;
      this.changed.set(node.id, node);
    }
  }
}

function matching<OfBed extends Bed>(bed: OfBed, health: Health, { node, colour, reason }: Fault<OfBed>): SeenNode | undefined {
  const found = health.get(idOf(bed, health, node));
  if (found?.state !== colour) return undefined;
  const cause = found.causes.find((one) => one.level === colour && reason.test(one.reason));
  return cause === undefined ? undefined : { ...found, reason: cause.reason };
}

function isAsBefore(health: Health, before: Health): boolean {
  return [...health.values()].every(({ id, state }) => state === 'green' || state === before.get(id)?.state);
}

/** What changed that is neither the node, nor above it, nor depends on it. */
function strangers<OfBed extends Bed>(
  changed: ReadonlyMap<string, SeenNode>,
  { bed, fault }: { readonly bed: OfBed; readonly fault: Fault<OfBed> },
): string[] {
  const also = [fault.node, ...(fault.also ?? [])].map(globOf);
  const isMeant = (id: string): boolean => also.some((glob) => glob.test(nameOf(bed, id)));
  const allowed = new Set<string>();
  for (const { id } of changed.values()) {
    if (!isMeant(id)) continue;
    for (let above: string | undefined = id; above !== undefined; above = changed.get(above)?.parent) allowed.add(above);
  }
  return [...changed.values()]
    .filter(({ id }) => !allowed.has(id))
    .map(({ id, state, reason }) => `${nameOf(bed, id)} ${state}: ${reason}`);
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

function stillWrong(bed: Bed, health: Health | undefined, before: Health): string {
  const wrong = [...(health ?? before).values()].filter(
    ({ id, state, causes }) => state !== 'green' && state !== before.get(id)?.state && causes.length > 0,
  );
  return wrong.map(({ id, state, reason }) => `${nameOf(bed, id)} ${state}: ${reason}`).join('; ') || 'nobody answered';
}
