/** The set-up of an output as a hub does it: by its options, by what the pipelines declare that hold now, and by the rules of housekeeping. */
import { env } from 'node:process';
import type { ElasticsearchOutputOptions } from '../../../config/elasticsearch-options.ts';
import type { HousekeepingOptions } from '../../../config/housekeeping-options.ts';
import { emptyPipelineSet, type PipelineSet } from '../../../processing/definition/pipeline-set.ts';
import type { Current } from '../../../reload/current.ts';
import type { ServerAbilities } from './server-abilities.ts';
import { setupChoice } from './setup-choice.ts';
import { SetupKeeper, type SetupKeeperParts } from './setup-keeper.ts';
import { typeFieldsOf } from './type-fields.ts';

export interface OutputSetupParts extends Omit<SetupKeeperParts, 'choice' | 'name'> {
  readonly options: ElasticsearchOutputOptions;
  /** Told of by nobody: no log type has fields of its own. */
  readonly pipelines?: Pick<Current<PipelineSet>, 'value' | 'onChanged'> | undefined;
  /** Told of by nobody: there are none. */
  readonly retention?: Pick<Current<HousekeepingOptions['retention']>, 'value' | 'onChanged'> | undefined;
}

export class OutputSetup {
  readonly #keeper: SetupKeeper;
  readonly #sources: readonly Pick<Current<unknown>, 'onChanged'>[];

  constructor({ options, pipelines, retention, ...parts }: OutputSetupParts) {
    const { tenants, types, name } = options;
    this.#sources = [pipelines, retention].filter((source) => source !== undefined);
    this.#keeper = new SetupKeeper({
      ...parts,
      name,
      choice: async () => {
        const set = (await pipelines?.value()) ?? emptyPipelineSet;
        return setupChoice(options, typeFieldsOf({ set, env, tenants, types }), (await retention?.value()) ?? []);
      },
    });
  }

  /** Why documents wait, as a sentence. */
  get trouble(): string | undefined {
    return this.#keeper.trouble;
  }

  /** What the cluster can do, when it is set up; undefined when aborted. */
  async done(signal: AbortSignal): Promise<ServerAbilities | undefined> {
    const aborted = Promise.withResolvers<undefined>();
    const onAbort = (): void => aborted.resolve(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return signal.aborted ? undefined : await Promise.race([this.#keeper.ready, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const unlisten = this.#sources.map((source) => source.onChanged(() => this.#keeper.changed()));
    try {
      await this.#keeper.run(signal);
    } finally {
      for (const one of unlisten) one();
      this.#keeper.clear();
    }
  }
}
