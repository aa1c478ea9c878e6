/** Opens the masters that the configuration names. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { RedisOptions } from '../../../config/store-options.ts';
import type { Masters } from './masters.ts';

/** Redis Functions: `code` begins with `#!lua name=<name>`. Another code under the same name replaces it, so each version has its name. */
export interface FunctionLibrary {
  readonly name: string;
  readonly code: string;
}

export interface MastersOptions {
  readonly options: RedisOptions;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly durability: 'full' | 'relaxed';
  /** Loaded on every master before it is used, and again when missing. */
  readonly libraries: readonly FunctionLibrary[];
}

/** Resolves when every master was reached and checked. Rejects with a sentence that says which server, what, and what to do. */
export declare function openMasters(options: MastersOptions): Promise<Masters>;
