/** Stores how agents are, so that it is known after a restart: of each agent now and then, and a few at a time. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { stateIntervalMs, writesPerTurn } from '../limits.ts';
import type { MeasurementStore } from '../store/measurement-store.ts';
import type { AgentState } from './agent-states.ts';
import { stateText } from './state-text.ts';

export class StateKeeper {
  readonly #store: Pick<MeasurementStore, 'putStates'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** In the order in which they were changed first since they were stored. */
  readonly #changed = new Map<Id, { state: AgentState; readonly sinceMs: number }>();

  constructor({
    store,
    clock,
  }: {
    readonly store: Pick<MeasurementStore, 'putStates'>;
    readonly clock: Pick<Clock, 'monotonic'>;
  }) {
    this.#store = store;
    this.#clock = clock;
  }

  changed(state: AgentState): void {
    const known = this.#changed.get(state.agentId);
    if (known === undefined) this.#changed.set(state.agentId, { state, sinceMs: this.#clock.monotonic() });
    else known.state = state;
  }

  /** With `all`, also what waits its time. */
  async flush(all = false): Promise<void> {
    const dueMs = this.#clock.monotonic() - stateIntervalMs;
    const due: AgentState[] = [];
    for (const { state, sinceMs } of this.#changed.values()) {
      if (!all && (sinceMs > dueMs || due.length >= writesPerTurn)) break;
      due.push(state);
    }
    if (due.length === 0) return;
    for (const { agentId } of due) this.#changed.delete(agentId);
    try {
      await this.#store.putStates(due.map((state) => ({ agentId: state.agentId, atMs: state.heardMs, json: stateText(state) })));
    } catch (error) {
      // What is known of an agent meanwhile is newer.
      for (const state of due) if (!this.#changed.has(state.agentId)) this.changed(state);
      throw error;
    }
  }
}
