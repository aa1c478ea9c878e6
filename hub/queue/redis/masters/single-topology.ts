/** One master: at an address that stays, or at the one that the Sentinels name. */
import type { HostPort } from '@tributary/shared/network/listen-address.ts';
import { MasterLink, type LinkParts } from './master-link.ts';
import type { SentinelWatch } from './sentinel-watch.ts';
import type { MasterChange, MasterPair, Topology } from './topology.ts';

export class SingleTopology implements Topology {
  readonly #pair: MasterPair;
  readonly #watch: SentinelWatch | undefined;

  constructor(parts: LinkParts, where: HostPort | SentinelWatch, onChange: (change: MasterChange) => void) {
    this.#watch = 'host' in where ? undefined : where;
    const address = 'host' in where ? () => Promise.resolve(where) : () => where.master();
    const changed = (): void => onChange({ kind: 'pair', pair: this.#pair });
    this.#pair = {
      write: new MasterLink(parts, address, changed),
      // The write connection tells of another server; telling twice helps nobody.
      read: new MasterLink(parts, address, () => undefined),
    };
    this.#watch?.onMoved(() => {
      this.#pair.write.moved();
      this.#pair.read.moved();
    });
  }

  pairOf(): MasterPair {
    return this.#pair;
  }

  pairAt(): undefined {
    return undefined;
  }

  pairs(): readonly MasterPair[] {
    return [this.#pair];
  }

  async refresh(): Promise<void> {
    await this.#watch?.look();
  }

  problem(): string | undefined {
    return this.#watch?.problem;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#pair.write[Symbol.asyncDispose]();
    await this.#pair.read[Symbol.asyncDispose]();
  }
}
