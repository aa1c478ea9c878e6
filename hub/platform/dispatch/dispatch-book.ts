/** What the dispatcher of an output did: counted, and as a finding where it cannot read what comes. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Findings } from '../../health/findings.ts';
import type { DispatchCounts } from './platform-writer.ts';

/** A finding stays for so long after the last record that could not be read. */
const tellForMs = 3_600_000;

export interface DispatchBookParts {
  readonly output: string;
  readonly findings: Pick<Findings, 'put'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export class DispatchBook {
  readonly #parts: DispatchBookParts;
  readonly #kinds = new Map<string, number>();
  /** Of each tenant: how many, and when the last one came. */
  readonly #unreadable = new Map<string, { readonly count: number; readonly lastMs: number }>();

  constructor(parts: DispatchBookParts) {
    this.#parts = parts;
  }

  get counts(): DispatchCounts {
    const kinds = Object.fromEntries(this.#kinds);
    const documents = [...this.#kinds.values()].reduce((sum, count) => sum + count, 0);
    return { documents, unreadable: kinds['unreadable'] ?? 0, kinds };
  }

  /** Documents of a channel's tenant that are done. */
  add(tenant: string, kinds: Readonly<Record<string, number>>): void {
    for (const [kind, count] of Object.entries(kinds)) this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + count);
    const unreadable = kinds['unreadable'] ?? 0;
    const nowMs = this.#parts.clock.monotonic();
    if (unreadable > 0) {
      const count = (this.#unreadable.get(tenant)?.count ?? 0) + unreadable;
      this.#unreadable.set(tenant, { count, lastMs: nowMs });
      this.#find(tenant, count);
    }
    this.look();
  }

  /** Findings whose reason is over are taken back. */
  look(): void {
    const nowMs = this.#parts.clock.monotonic();
    for (const [tenant, { lastMs }] of this.#unreadable) {
      if (nowMs - lastMs < tellForMs) continue;
      this.#unreadable.delete(tenant);
      this.#find(tenant, 0);
    }
  }

  /** The output is no more. */
  clear(): void {
    for (const tenant of this.#unreadable.keys()) this.#find(tenant, 0);
    this.#unreadable.clear();
  }

  #find(tenant: string, count: number): void {
    const { output, findings } = this.#parts;
    const reason = `${count} records of ${tenant}/platform are no JSON objects; they are in platform-unreadable-${tenant} as they came (${output}): see what sends them`;
    const about = { kind: 'platform-unreadable', subject: `${tenant} in ${output}` } as const;
    findings.put(about, count === 0 ? undefined : { level: 'yellow', reason });
  }
}
