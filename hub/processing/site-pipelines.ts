/**
 * Whether the hubs that share a store have the same pipelines: each tells a hash of its own with its heartbeat. What a record becomes would
 * else depend on which of them works on it.
 */
import { hash } from 'node:crypto';
import { relative } from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import type { Findings } from '../health/findings.ts';
import type { PipelineSet } from './definition/pipeline-set.ts';
import { differMsMax } from './limits.ts';

export interface SitePipelinesParts {
  readonly cluster: Pick<Cluster, 'hubId' | 'members' | 'tell'>;
  readonly findings: Pick<Findings, 'set'>;
  /** In milliseconds, by a clock that is never set. */
  readonly monotonic: () => number;
}

export class SitePipelines {
  readonly #parts: SitePipelinesParts;
  #own = '';
  /** Since when some hub has others: files reach one hub after the other. */
  #differSinceMs: number | undefined;

  constructor(parts: SitePipelinesParts) {
    this.#parts = parts;
  }

  use(set: PipelineSet): void {
    this.#own = hashOf(set);
    this.#parts.cluster.tell({ pipelines: this.#own });
  }

  look(): void {
    const { cluster, findings, monotonic } = this.#parts;
    const others = cluster.members().filter(({ hubId, works, state, pipelines }) => {
      return hubId !== cluster.hubId && works && state === 'ready' && pipelines !== undefined && pipelines !== this.#own;
    });
    if (others.length === 0) this.#differSinceMs = undefined;
    else this.#differSinceMs ??= monotonic();
    const isTold = this.#differSinceMs !== undefined && monotonic() - this.#differSinceMs >= differMsMax;
    const hosts = others.map(({ host }) => host).join(', ');
    const reason = `this hub has other pipelines than ${hosts}: what a record becomes depends on the hub that works on it. Give all hubs the same pipelines_dir and pipelines`;
    findings.set('pipelines-differ', isTold ? [{ kind: 'pipelines-differ', subject: 'site', level: 'yellow', reason }] : []);
  }
}

/** The same wherever the files are. */
function hashOf({ sources, rules }: PipelineSet): string {
  const made = sources.map(({ name, file, text, files = {} }) => {
    const beside = Object.entries(files).map(([path, bytes]) => `${relative(file, path)} ${hash('sha256', bytes, 'hex')}`);
    return [name, text, beside.toSorted((a, b) => (a < b ? -1 : 1))];
  });
  return hash('sha256', JSON.stringify([made, rules]), 'hex').slice(0, 32);
}
