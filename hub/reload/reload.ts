/**
 * Reads the configuration again while the hub runs (SIGHUP). A file that is not good is refused as a whole, and what ran goes on. Of a
 * good one each part that can change does, on its own: one that cannot be as it says stays as it was, and is told. What needs a restart
 * is told, too, and left as it is.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { ConfigError } from '@tributary/shared/options/config-file.ts';
import type { Findings } from '../health/findings.ts';
import type { HubOptions } from '../options.ts';
import { auditConfiguration } from '../platform/audit-configuration.ts';
import type { Registry } from '../registry/registry.ts';
import { type OptionPath, valueOf, withValueOf, wholeOptions } from './option-paths.ts';

/** What one part of the hub does when options of its own have changed. */
export interface ReloadPart {
  readonly paths: readonly OptionPath[];
  /** Rejects when it cannot be so; it is as before then. */
  change(options: HubOptions): Promise<void> | void;
}

export interface ConfigurationStatus {
  /** `refused`: the file is not good. `partly`: some of it could not be done. */
  readonly state: 'current' | 'refused' | 'partly';
  /** When it was read last, good or not. */
  readonly readMs: number;
  readonly problems: readonly string[];
  /** Options that are another in the file than in this process, until it is started again. */
  readonly needsRestart: readonly string[];
}

export interface ReloadParts {
  readonly hubId: Id;
  readonly options: HubOptions;
  readonly parts: readonly ReloadPart[];
  readonly registry: Pick<Registry, 'meta' | 'setMeta' | 'record'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

const problemsShownMax = 20;

export class Reload {
  readonly #parts: ReloadParts;
  #options: HubOptions;
  #status: ConfigurationStatus;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ReloadParts) {
    this.#parts = parts;
    this.#options = parts.options;
    this.#status = { state: 'current', readMs: parts.clock.now(), problems: [], needsRestart: [] };
  }

  /** As this process has them now. */
  get options(): HubOptions {
    return this.#options;
  }

  get status(): ConfigurationStatus {
    return this.#status;
  }

  /** One after the other; never rejects. `read` throws a ConfigError. */
  reload(read: () => HubOptions): Promise<void> {
    this.#running = this.#running.then(() => this.#reload(read)).catch((error: unknown) => this.#failed(error));
    return this.#running;
  }

  async #reload(read: () => HubOptions): Promise<void> {
    const { logger, clock } = this.#parts;
    const readMs = clock.now();
    let next: HubOptions;
    try {
      next = read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      await this.#refused(error, readMs);
      return;
    }
    const { changed, problems } = await this.#apply(next);
    const needsRestart = wholeOptions.filter((path) => !isDeepStrictEqual(valueOf(this.#options, path), valueOf(next, path)));
    const notDone = needsRestart.filter((path) => !this.#parts.parts.some(({ paths }) => paths.includes(path)));
    this.#tell({ state: problems.length > 0 ? 'partly' : 'current', readMs, problems, needsRestart: notDone });
    for (const problem of problems)
      logger.error('a part of the configuration cannot be as it says, and stays as it was', { problem });
    if (notDone.length > 0) logger.warn('these options hold from the next start on', { options: notDone.join(' ') });
    logger.info('the configuration was read again', { changed: changed.join(' ') || 'nothing' });
    await this.#audit(auditConfiguration(this.#parts.registry, this.#options, this.#parts.hubId));
  }

  /** What was read holds all the same. A change is told with the next reload or start. */
  async #audit(told: Promise<unknown>): Promise<void> {
    try {
      await told;
    } catch (error) {
      this.#parts.logger.error('the audit trail could not be told that the configuration was read again', { error });
    }
  }

  async #apply(next: HubOptions): Promise<{ changed: OptionPath[]; problems: string[] }> {
    const changed: OptionPath[] = [];
    const problems: string[] = [];
    for (const part of this.#parts.parts) {
      const paths = part.paths.filter((path) => !isDeepStrictEqual(valueOf(this.#options, path), valueOf(next, path)));
      if (paths.length === 0) continue;
      const options = paths.reduce((all, path) => withValueOf(all, path, next), this.#options);
      try {
        await part.change(options);
        this.#options = options;
        changed.push(...paths);
      } catch (error) {
        problems.push(`${paths.join(', ')}: ${messageOf(error)}`);
      }
    }
    return { changed, problems };
  }

  async #refused(error: ConfigError, readMs: number): Promise<void> {
    const { logger, registry } = this.#parts;
    const problems = error.message.split('\n').filter((line) => line !== '');
    this.#tell({ ...this.#status, state: 'refused', readMs, problems: problems.slice(0, problemsShownMax) });
    logger.error('the configuration was refused: what ran goes on', { problems: problems.slice(0, problemsShownMax).join('\n') });
    const about = { actor: 'hub', address: '', outcome: 'failure', tenant: undefined } as const;
    const details = { problem: problems[0]?.slice(0, 300) ?? '' };
    await this.#audit(registry.record({ action: 'configuration-refused', ...about, details }));
  }

  #tell(status: ConfigurationStatus): void {
    const { state, problems, needsRestart } = status;
    this.#status = status;
    const [first = ''] = problems;
    const refused = `the configuration was read again and ${state === 'refused' ? 'refused' : 'could not be done in all parts'}: ${first}; what ran goes on`;
    const restart = `these options are another in the file than in this hub, until it is started again: ${needsRestart.join(', ')}`;
    this.#parts.findings.set('configuration', [
      ...(state === 'current' ? [] : [{ kind: 'configuration', subject: 'refused', level: 'yellow', reason: refused } as const]),
      ...(needsRestart.length === 0
        ? []
        : [{ kind: 'configuration', subject: 'restart', level: 'yellow', reason: restart } as const]),
    ]);
  }

  #failed(error: unknown): void {
    this.#parts.logger.error('the configuration could not be read again', { error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
