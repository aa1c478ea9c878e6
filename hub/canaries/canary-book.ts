/**
 * Which numbers of each agent were found in one store, and which are missing. Pure: it says where to look, is given what a look found, and asked what that means.
 *
 *   news: what was received since the look before, and so long before it as a record may take to get there
 *   gap:  a short time in which something was received that is missing, one after the other
 *
 * A look may find again what an earlier one found; what one look finds twice is there twice. Whether something is late goes by when the hub received
 * what followed it, not by the clock of the agent.
 */
import type { CanaryRecord } from '@tributary/protocol/platform/canary.ts';
import { CanaryRun, type Gap } from './canary-run.ts';
import { agentsMax, firstLookMs, gapMsMax, namedMax, runsMax } from './limits.ts';

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

/** What is looked at: received at or after, and before (undefined: until now), the oldest first. */
export interface Look {
  readonly kind: 'news' | 'gap';
  readonly nowMs: number;
  readonly fromMs: number;
  readonly untilMs: number | undefined;
  readonly seen: Map<CanaryRun, Set<number>>;
}

interface Agent {
  tenant: string;
  host: string;
  latencyMs: number;
  newestSentMs: number;
  readonly runs: Map<string, CanaryRun>;
}

export class CanaryBook {
  readonly #agents = new Map<string, Agent>();
  /** What was received before it was looked at. */
  #lookedToMs: number | undefined;
  /** There was more than one look takes: the next one goes on and does not look at anything again. */
  #isBehind = false;
  /** Gaps before it were looked at, since it was at the first of them. */
  #gapsToMs = -Infinity;

  news(nowMs: number, { lateMs, forgetMs }: BookTiming): Look {
    const again = this.#isBehind ? 0 : lateMs;
    const fromMs = Math.max(this.#lookedToMs === undefined ? nowMs - firstLookMs : this.#lookedToMs - again, nowMs - forgetMs);
    return { kind: 'news', nowMs, fromMs, untilMs: undefined, seen: new Map() };
  }

  /** Of what the next news do not look at anyway; undefined: nothing is missing there. */
  gap(nowMs: number, timing: BookTiming): Look | undefined {
    const untilMs = this.news(nowMs, timing).fromMs;
    const gaps = this.#gaps({ fromMs: nowMs - timing.forgetMs, toMs: untilMs });
    const rest = gaps.filter(({ toMs }) => toMs >= this.#gapsToMs);
    const [chosen, startMs] = rest.length > 0 ? [rest, this.#gapsToMs] : [gaps, -Infinity];
    const fromMs = chosen.reduce((least, gap) => Math.min(least, Math.max(gap.fromMs, startMs)), Infinity);
    if (fromMs === Infinity) return undefined;
    const lastMs = chosen.reduce((last, gap) => (gap.fromMs < fromMs + gapMsMax ? Math.max(last, gap.toMs) : last), fromMs);
    return { kind: 'gap', nowMs, fromMs, untilMs: Math.min(lastMs + 1, fromMs + gapMsMax, untilMs), seen: new Map() };
  }

  /** A part of what a look found. How many of them were not known. */
  take(found: readonly FoundCanary[], look: Look): number {
    let news = 0;
    for (const canary of found) {
      const run = this.#runOf(canary, look);
      if (run === undefined) continue;
      const { sequence, receivedMs } = canary;
      const seen = look.seen.getOrInsertComputed(run, () => new Set());
      if (seen.has(sequence)) run.double(sequence, receivedMs);
      seen.add(sequence);
      this.#noteNewest(canary, look.nowMs);
      if (run.take(canary)) news += 1;
    }
    return news;
  }

  /** `lastMs`: when the last that was found was received; only where there was more. */
  end({ kind, nowMs, fromMs, untilMs }: Look, lastMs?: number): void {
    // One that found no more than one moment would find the same for ever.
    const onMs = lastMs === undefined ? undefined : Math.max(lastMs, fromMs + 1);
    if (kind === 'gap') this.#gapsToMs = onMs ?? untilMs ?? nowMs;
    else [this.#lookedToMs, this.#isBehind] = [onMs ?? nowMs, onMs !== undefined];
  }

  /** As of the last look. `isConnected`: whose next number is waited for. */
  judge(nowMs: number, timing: BookTiming, isConnected: (agentId: string) => boolean): AgentCanaries[] {
    const all: AgentCanaries[] = [];
    const lookedToMs = Math.min(nowMs, this.#lookedToMs ?? -Infinity);
    for (const [agentId, { tenant, host, latencyMs, runs }] of this.#agents) {
      let [unaccounted, doubled] = [0, 0];
      const missing: number[] = [];
      let newest: CanaryRun | undefined;
      for (const [name, run] of runs) {
        run.forget(nowMs - timing.forgetMs);
        if (run.highestMs < nowMs - timing.forgetMs) runs.delete(name);
        if (newest === undefined || run.highestMs > newest.highestMs) newest = run;
        const late = run.late(nowMs - timing.lateMs, namedMax - missing.length);
        unaccounted += late.count;
        doubled += run.doubled;
        missing.push(...late.first);
      }
      if (newest !== undefined && !newest.isEnded && isConnected(agentId)) {
        unaccounted += Math.max(0, Math.floor((lookedToMs - timing.lateMs - newest.highestMs) / newest.intervalMs));
      }
      if (runs.size === 0) this.#agents.delete(agentId);
      else all.push({ agentId, tenant, host, unaccounted, missing, doubled, latencyMs });
    }
    return all;
  }

  /** Those parts of all gaps that lie in a range. */
  #gaps(range: Gap): Gap[] {
    const gaps: Gap[] = [];
    for (const { runs } of this.#agents.values()) {
      for (const run of runs.values()) {
        for (const { fromMs, toMs } of run.gaps()) {
          const part = { fromMs: Math.max(fromMs, range.fromMs), toMs: Math.min(toMs, range.toMs - 1) };
          if (part.fromMs <= part.toMs) gaps.push(part);
        }
      }
    }
    return gaps;
  }

  /** Undefined: there is no room for it, or nothing of it was missing. */
  #runOf(canary: FoundCanary, { kind, fromMs }: Look): CanaryRun | undefined {
    const { agentId, tenant, host, run: name, sequence, intervalMs, receivedMs } = canary;
    const known = this.#agents.get(agentId)?.runs.get(name);
    if (known !== undefined || kind === 'gap') return known;
    if (!this.#agents.has(agentId) && this.#agents.size >= agentsMax) return undefined;
    const { runs } = this.#agents.getOrInsertComputed(agentId, () => {
      return { tenant, host, latencyMs: 0, newestSentMs: 0, runs: new Map<string, CanaryRun>() };
    });
    if (runs.size >= runsMax) {
      const [oldest] = [...runs].toSorted(([, one], [, other]) => one.highestMs - other.highestMs);
      if (oldest !== undefined) runs.delete(oldest[0]);
    }
    // Of a run that began before the look, what was before is not known.
    const isWhole = receivedMs - sequence * intervalMs > fromMs;
    const made = new CanaryRun(canary, isWhole ? 0 : sequence - 1);
    runs.set(name, made);
    return made;
  }

  #noteNewest({ agentId, sentMs, host, tenant }: FoundCanary, nowMs: number): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined || sentMs <= agent.newestSentMs) return;
    Object.assign(agent, { newestSentMs: sentMs, latencyMs: Math.max(0, nowMs - sentMs), host, tenant });
  }
}
