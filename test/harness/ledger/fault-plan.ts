import type { Random } from '../random.ts';

export type Product = 'agent' | 'hub';

/** The named points of both products, as docs/ARCHITECTURE.md lists them. Every one is visited before any is for a second time. */
export const crashPoints: Readonly<Record<Product, readonly string[]>> = {
  agent: [
    'agent.buffer.before-insert',
    'agent.buffer.before-commit',
    'agent.buffer.after-commit',
    'agent.uplink.after-send',
    'agent.uplink.after-ack',
    'agent.buffer.before-delete',
  ],
  hub: [
    'hub.queue.before-commit',
    'hub.queue.after-commit',
    'hub.intake.before-ack',
    'hub.pipeline.before-commit',
    'hub.pipeline.after-commit',
    'hub.archive.after-plan',
    'hub.archive.before-rename',
    'hub.archive.before-commit',
    'hub.archive.after-commit',
  ],
};

/** Reached where certificates are short-lived: each renewal comes by every one of them, in this order. */
export const renewalPoints: Readonly<Record<Product, readonly string[]>> = {
  agent: ['agent.enrolment.after-answer', 'agent.enrolment.after-credentials', 'agent.enrolment.before-done'],
  hub: ['hub.registry.before-commit', 'hub.registry.after-commit'],
};

/** One death. Without a point: `kill -9` from outside, `afterMs` after the round began. */
export interface Fault {
  readonly product: Product;
  readonly point: string | undefined;
  /** The process dies when it reaches the point for the count-th time. */
  readonly count: number;
  readonly afterMs: number;
  /** True: the other product is killed at the same moment. */
  readonly both: boolean;
}

/**
 * Which faults come, by seed. They come in chains on one product: a kill at a random moment, then deaths at named points, since a
 * point can only be armed in a process that is being started.
 */
export class FaultPlan {
  readonly #random: Random;
  readonly #renews: boolean;
  readonly #decks: Record<Product, string[]> = { agent: [], hub: [] };

  constructor(random: Random, options: { readonly renews?: boolean } = {}) {
    this.#random = random;
    this.#renews = options.renews === true;
  }

  nextChain(): readonly Fault[] {
    // The hub has more points than the agent.
    const product: Product = this.#random.chance(0.42) ? 'agent' : 'hub';
    const chain = [this.#kill(product)];
    const named = this.#random.between(1, 4);
    for (let index = 0; index < named; index += 1) chain.push(this.#atPoint(product));
    return chain;
  }

  #kill(product: Product): Fault {
    const both = this.#random.chance(0.1);
    return { product, point: undefined, count: 1, afterMs: this.#random.between(20, 700), both };
  }

  #atPoint(product: Product): Fault {
    const deck = this.#decks[product];
    if (deck.length === 0)
      deck.push(...this.#shuffled([...crashPoints[product], ...(this.#renews ? renewalPoints[product] : [])]));
    const point = deck.pop();
    const count = this.#random.chance(0.5) ? 1 : this.#random.between(2, 6);
    return { product, point, count: pointIsRare(point) ? 1 : count, afterMs: 0, both: this.#random.chance(0.1) };
  }

  #shuffled(points: readonly string[]): string[] {
    const result = [...points];
    for (let index = result.length - 1; index > 0; index -= 1) {
      const other = this.#random.below(index + 1);
      const [a, b] = [result[index], result[other]];
      if (a === undefined || b === undefined) throw new RangeError('an index within the list');
      result[index] = b;
      result[other] = a;
    }
    return result;
  }
}

/** Whether a process comes by it only when a certificate is renewed. */
export function isOfRenewal(point: string): boolean {
  return point.includes('.enrolment.') || point.startsWith('hub.registry.');
}

/** Points that are reached about once a second, or once a renewal, not once a batch. */
function pointIsRare(point: string | undefined): boolean {
  if (point === undefined) return true;
  return point.startsWith('hub.archive.') || isOfRenewal(point) || point === 'agent.buffer.before-delete';
}
