import type { Clock } from '@tributary/shared/clock.ts';
import type { MetricsInputOptions } from './options.ts';

/** What metric sets are made of. */
export interface SetParts {
  readonly options: MetricsInputOptions;
  readonly clock: Clock;
}
