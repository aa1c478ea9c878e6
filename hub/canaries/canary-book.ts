/**
 * Which numbers of each agent were found in one store, and which are missing. Pure: it is given what a look found, and asked what that means. A look may find again what an
 * earlier one found; what one look finds twice is there twice. Whether something is late goes by when the hub received what followed it, not by the clock of
 * the agent.
 */
import type { CanaryRecord } from '@tributary/protocol/platform/canary.ts';
import { agentsMax, aheadMax, firstLookMs, namedMax, runsMax } from './limits.ts';

export interface FoundCanary extends CanaryRecord {
  readonly agentId: string;
  readonly tenant: string;
  readonly host: string;
  readonly receivedMs: number;
}

export interface AgentCanaries {
  readonly agentId: string;
  readonly tenant: string;
  readonly host: string;
  /** Numbers that ought to be there and are not. */
  readonly unaccounted: number;
  /** The first of them that are known one by one. */
  readonly missing: readonly number[];
  /** Numbers that are there more than once. */
  readonly doubled: number;
  /** From sent to found of the newest, with up to the time between two looks in it. */
  readonly latencyMs: number;
}

export interface BookTiming {
  readonly lateMs: number;
  readonly forgetMs: number;
}

interface Run {
  intervalMs: number;
  /** All numbers up to it were found, or given up. */
  upTo: number;
  /** When it was received. */
  upToMs: number;
  /** Numbers beyond it, and when each was received. */
  readonly ahead: Map<number, number>;
  highest: number;
  highestMs: number;
  isEnded: boolean;
  readonly doubled: Map<number, number>;
}

interface Agent {
  tenant: string;
  host: string;
  latencyMs: number;
  newestSentMs: number;
  readonly runs: Map<string, Run>;
}

export class CanaryBook {
  readonly #agents = new Map<string, Agent>();
  #lookedToMs: number | undefined;

  /** From when on it has to be looked. */
  sinceMs(nowMs: number, { lateMs, forgetMs }: BookTiming): number {
    let since = this.#lookedToMs === undefined ? nowMs - firstLookMs : this.#lookedToMs - lateMs;
    for (const { runs } of this.#agents.values()) {
      for (const run of runs.values()) if (run.ahead.size > 0) since = Math.min(since, run.upToMs);
    }
    return Math.max(since, nowMs - forgetMs);
  }

  /** All that a look from `sinceMs` on found. */
  take(found: readonly FoundCanary[], { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number }): void {
    const seen = new Set<string>();
    const sorted = found.toSorted((one, other) => one.sequence - other.sequence);
    for (const canary of sorted) {
      const run = this.#runOf(canary, sinceMs);
      if (run === undefined) continue;
      const key = `${canary.agentId} ${canary.run} ${canary.sequence}`;
      if (seen.has(key)) run.doubled.set(canary.sequence, canary.receivedMs);
      seen.add(key);
      this.#noteNewest(canary, nowMs);
      takeInto(run, canary);
    }
    this.#lookedToMs = nowMs;
  }

  /** `isConnected`: whose next number is waited for. */
  look(nowMs: number, timing: BookTiming, isConnected: (agentId: string) => boolean): AgentCanaries[] {
    const all: AgentCanaries[] = [];
    for (const [agentId, { tenant, host, latencyMs, runs }] of this.#agents) {
      let [unaccounted, doubled] = [0, 0];
      const missing: number[] = [];
      let newest: Run | undefined;
      for (const [name, run] of runs) {
        forgetOld(run, nowMs - timing.forgetMs);
        if (run.highestMs < nowMs - timing.forgetMs) runs.delete(name);
        if (newest === undefined || run.highestMs > newest.highestMs) newest = run;
        const late = lateOf(run, nowMs - timing.lateMs);
        unaccounted += late.count;
        doubled += run.doubled.size;
        missing.push(...late.first.slice(0, namedMax - missing.length));
      }
      if (newest !== undefined && !newest.isEnded && isConnected(agentId)) {
        unaccounted += Math.max(0, Math.floor((nowMs - timing.lateMs - newest.highestMs) / newest.intervalMs));
      }
      if (runs.size === 0) this.#agents.delete(agentId);
      else all.push({ agentId, tenant, host, unaccounted, missing, doubled, latencyMs });
    }
    return all;
  }

  #runOf({ agentId, tenant, host, run: name, sequence, intervalMs, receivedMs }: FoundCanary, sinceMs: number): Run | undefined {
    if (!this.#agents.has(agentId) && this.#agents.size >= agentsMax) return undefined;
    const agent = this.#agents.getOrInsertComputed(agentId, () => {
      return { tenant, host, latencyMs: 0, newestSentMs: 0, runs: new Map<string, Run>() };
    });
    const known = agent.runs.get(name);
    if (known !== undefined) return known;
    if (agent.runs.size >= runsMax) {
      const [oldest] = [...agent.runs].toSorted(([, one], [, other]) => one.highestMs - other.highestMs);
      if (oldest !== undefined) agent.runs.delete(oldest[0]);
    }
    // Of a run that began before the look, what was before is not known.
    const isWhole = receivedMs - sequence * intervalMs > sinceMs;
    const upTo = isWhole ? 0 : sequence - 1;
    const made: Run = {
      intervalMs,
      upTo,
      upToMs: receivedMs - (sequence - upTo) * intervalMs,
      ahead: new Map(),
      highest: upTo,
      highestMs: receivedMs,
      isEnded: false,
      doubled: new Map(),
    };
    agent.runs.set(name, made);
    return made;
  }

  #noteNewest({ agentId, sentMs, host, tenant }: FoundCanary, nowMs: number): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined || sentMs <= agent.newestSentMs) return;
    Object.assign(agent, { newestSentMs: sentMs, latencyMs: Math.max(0, nowMs - sentMs), host, tenant });
  }
}

function takeInto(run: Run, { sequence, receivedMs, isLast, intervalMs }: FoundCanary): void {
  run.intervalMs = intervalMs;
  if (isLast) run.isEnded = true;
  if (sequence > run.highest) Object.assign(run, { highest: sequence, highestMs: receivedMs });
  if (sequence <= run.upTo) return;
  run.ahead.set(sequence, receivedMs);
  if (run.ahead.size > aheadMax) run.upTo = Math.min(...run.ahead.keys()) - 1;
  closeUp(run);
}

/** Goes on over what is there. */
function closeUp(run: Run): void {
  for (let next = run.ahead.get(run.upTo + 1); next !== undefined; next = run.ahead.get(run.upTo + 1)) {
    run.upTo += 1;
    run.upToMs = next;
    run.ahead.delete(run.upTo);
  }
}

/** Numbers before one that was received before that: how many, and the first few. They are never listed: who writes a number chooses how great it is. */
function lateOf(run: Run, beforeMs: number): { readonly count: number; readonly first: readonly number[] } {
  let highest = run.upTo;
  for (const [sequence, receivedMs] of run.ahead) if (receivedMs < beforeMs) highest = Math.max(highest, sequence);
  let there = 0;
  for (const sequence of run.ahead.keys()) if (sequence <= highest) there += 1;
  const first: number[] = [];
  for (let sequence = run.upTo + 1; sequence < highest && first.length < namedMax; sequence += 1) {
    if (!run.ahead.has(sequence)) first.push(sequence);
  }
  return { count: highest - run.upTo - there, first };
}

function forgetOld(run: Run, beforeMs: number): void {
  for (const [sequence, receivedMs] of run.doubled) if (receivedMs < beforeMs) run.doubled.delete(sequence);
  const given = [...run.ahead].filter(([, receivedMs]) => receivedMs < beforeMs).map(([sequence]) => sequence);
  if (given.length === 0) return;
  run.upTo = Math.max(...given);
  for (const sequence of run.ahead.keys()) if (sequence <= run.upTo) run.ahead.delete(sequence);
  closeUp(run);
}
