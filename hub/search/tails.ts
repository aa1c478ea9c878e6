/** Live tails: how many at a time, and that each is in the audit trail. */
import { whenAborted } from '@tributary/shared/async/when-aborted.ts';
import { nameOf } from '../access/access.ts';
import { tailsMax, tailsPerPersonMax } from './limits.ts';
import { Places } from './places.ts';
import { auditOf, type SearchBy } from './search-audit.ts';
import { tail, type TailParts, type TailStep } from './tail.ts';
import type { Wanted } from './wanted.ts';
import type { AuditEvent } from '../registry/registry.ts';

export interface TailsParts extends TailParts {
  readonly record: (event: AuditEvent) => Promise<void>;
}

export class Tails {
  readonly #parts: TailsParts;
  readonly #places = new Places({ each: tailsPerPersonMax, all: tailsMax, what: 'live tails' });

  constructor(parts: TailsParts) {
    this.#parts = parts;
  }

  /** Throws a SearchError where there is no place. */
  open({ wanted, by }: { readonly wanted: Wanted; readonly by: SearchBy }, signal: AbortSignal): AsyncGenerator<TailStep, void> {
    const place = this.#places.take(nameOf(by.principal));
    whenAborted(signal, () => place[Symbol.dispose]());
    return this.#steps(wanted, by, { place, signal });
  }

  async *#steps(
    wanted: Wanted,
    by: SearchBy,
    { place, signal }: { readonly place: Disposable; readonly signal: AbortSignal },
  ): AsyncGenerator<TailStep, void> {
    using _ = place;
    await this.#parts.record(auditOf(wanted, by, { way: 'tail' }));
    yield* tail(this.#parts, wanted, signal);
  }
}
