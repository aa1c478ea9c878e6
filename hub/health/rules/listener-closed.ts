/** Listeners that take no connection which the hub makes to itself, twice in a row: once may be a moment in which the hub had much to do. */
import type { Clock } from '@tributary/shared/clock.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import { pause } from '../../groups/retry.ts';
import type { Findings } from '../findings.ts';

export interface ListenerClosedParts {
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
  readonly hubId: string;
  readonly options: () => HealthRules;
  /** Each rejects with the reason while its listener takes no connection. */
  readonly doors: () => readonly { readonly name: string; readonly knock: () => Promise<void> }[];
}

const lookMs = 4000;

export class ListenerClosed {
  readonly #parts: ListenerClosedParts;
  #closedBefore: ReadonlySet<string> = new Set();

  constructor(parts: ListenerClosedParts) {
    this.#parts = parts;
  }

  /** Until aborted. A knock has a deadline of its own. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await pause(this.#parts.clock, lookMs, signal);
    }
  }

  async look(): Promise<void> {
    const { findings, hubId, options, doors } = this.#parts;
    const tried = (options().listener_closed.enabled ? doors() : []).map(async ({ name, knock }) => {
      const why = await knock().then(() => '', messageOf);
      return { name, why };
    });
    const closed = (await Promise.all(tried)).filter(({ why }) => why !== '');
    const again = closed.filter(({ name }) => this.#closedBefore.has(name));
    this.#closedBefore = new Set(closed.map(({ name }) => name));
    findings.set(
      'listener-closed',
      again.map(({ name, why }) => {
        const advice = 'see what the log says of it, and start the hub again if it stays so';
        const reason = `listener ${printable(name)} of this hub takes no connection: ${printable(why)}; ${advice}`;
        return { kind: 'listener-closed', subject: `${hubId} ${name}`, level: 'red', reason };
      }),
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
