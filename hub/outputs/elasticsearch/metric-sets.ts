/**
 * Which sets of metrics have names of their own. Whoever sends a metric names its set, so without a limit one sender could make data streams until the
 * cluster has its maximum of shards: what comes after the first so many sets of a tenant goes to the set `other`.
 *
 * Sets that the cluster has already are among the first ones, so that after a restart, and at the next owner, a document goes where it went before.
 */
import type { AskedServer } from './client/backing-indices.ts';
import type { MetricSetRules } from './bulk/bulk-contract.ts';
import { NoAnswerError } from './client/connection.ts';
import { objectOf } from './client/objects.ts';
import { metricsName, setOfMetrics } from './index-names.ts';

export interface MetricSetsParts {
  readonly server: AskedServer;
  /** Of each tenant. */
  readonly max: number;
}

export class MetricSets {
  readonly #parts: MetricSetsParts;
  readonly #known = new Map<string, Promise<Set<string>>>();

  constructor(parts: MetricSetsParts) {
    this.#parts = parts;
  }

  /** Rejects with a NoAnswerError where the cluster does not tell what it has. */
  async rulesOf(tenant: string): Promise<MetricSetRules> {
    const known = await this.#knownOf(tenant);
    return { known: [...known], isFull: known.size >= this.#parts.max };
  }

  /** False: there was no room for all of these, and their documents have to be made again by the rules as they are now. */
  async admit(tenant: string, sets: readonly string[]): Promise<boolean> {
    const known = await this.#knownOf(tenant);
    for (const set of sets) if (known.size < this.#parts.max) known.add(set);
    return sets.every((set) => known.has(set));
  }

  /** Another hub had documents of this tenant, and may have made sets meanwhile: the cluster is asked again. */
  forget(tenant: string): void {
    this.#known.delete(tenant);
  }

  async #knownOf(tenant: string): Promise<Set<string>> {
    const asked = this.#known.getOrInsertComputed(tenant, () => this.#ask(tenant));
    try {
      return await asked;
    } catch (error) {
      this.#known.delete(tenant);
      throw error;
    }
  }

  async #ask(tenant: string): Promise<Set<string>> {
    const pattern = metricsName(tenant, '*', { platformNames: 'platform' });
    const { status, body } = await this.#parts.server.request({ method: 'GET', path: `/_resolve/index/${pattern}` });
    // A user who may see nothing has to do with what comes from now on.
    if (status === 404 || status === 403) return new Set();
    if (status !== 200) throw new NoAnswerError(`status ${status} to the question for ${pattern}`, false);
    const named = ['indices', 'aliases', 'data_streams'].flatMap((kind) => objectOf(body)[kind] ?? []);
    return new Set(named.flatMap((one) => setOfMetrics(String(objectOf(one)['name']), tenant) ?? []));
  }
}
