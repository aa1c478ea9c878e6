/** What operators are told of the outputs, and how one that is gone is forgotten. */
import type { Actor } from '../channels/channel-operations.ts';
import { OperationError } from '../channels/operation-error.ts';
import type { Registry } from '../registry/registry.ts';
import type { OutputNotes, RemovedOutput } from './output-notes.ts';
import type { OutputStatus } from './output.ts';
import type { Outputs } from './outputs.ts';

export interface OutputsView {
  readonly outputs: readonly OutputStatus[];
  /** Configured nowhere any more, and still kept for. */
  readonly removed: readonly RemovedOutput[];
}

export interface OutputOperationsParts {
  readonly outputs: Pick<Outputs, 'status' | 'groups' | 'refresh' | 'keepFor' | 'readsBack'>;
  readonly notes: Pick<OutputNotes, 'removed' | 'forget'>;
  readonly registry: Pick<Registry, 'record'>;
  /** One was forgotten. */
  readonly onChanged: () => void;
}

export class OutputOperations {
  readonly #parts: OutputOperationsParts;

  constructor(parts: OutputOperationsParts) {
    this.#parts = parts;
  }

  async list(): Promise<OutputsView> {
    const { outputs, notes } = this.#parts;
    return { outputs: outputs.status(), removed: await notes.removed(outputs.groups) };
  }

  /** By its name, or by the name of its groups where two are called the same. */
  async forget(name: string, by: Actor): Promise<RemovedOutput> {
    const { outputs, notes, registry } = this.#parts;
    const removed = await notes.removed(outputs.groups);
    const found = removed.filter((one) => one.name === name || one.group === name);
    const [output, ...others] = found;
    if (output === undefined) throw unknownOutput(name, outputs.status());
    if (others.length > 0) {
      throw new OperationError('unclear', `several were called so: give one of ${found.map(({ group }) => group).join(', ')}`);
    }
    const { group, kind, entries, records, bytes } = output;
    const details = { output: output.name, kind, group, entries, records, bytes };
    const event = { action: 'output-forgotten', ...by, tenant: undefined, details } as const;
    await registry.record({ ...event, outcome: 'success' });
    try {
      const kept = new Set(removed.flatMap((one) => (one.group !== group && one.reads === 'back' ? one.channels : [])));
      // Before its groups change, so that a pipeline that is thrown out does not come back.
      outputs.keepFor(removed.filter((one) => one.group !== group));
      await notes.forget(output, (channel) => kept.has(channel) || outputs.readsBack(channel));
    } catch (error) {
      await outputs.refresh();
      await registry.record({ ...event, outcome: 'failure' });
      throw error;
    }
    await outputs.refresh();
    this.#parts.onChanged();
    return output;
  }
}

function unknownOutput(name: string, configured: readonly OutputStatus[]): OperationError {
  const isThere = configured.some((one) => one.name === name || one.group === name);
  const reason = isThere
    ? 'this output is in the configuration: take it out of there first, and reload'
    : 'no output of this name is gone: output list shows those that are';
  return new OperationError(isThere ? 'refused' : 'unknown', reason);
}
