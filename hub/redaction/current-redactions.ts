/** What is covered as the pipelines are now: a reload puts others in their place, for what comes from then on. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { ChannelRedaction, Redactions } from './redactions.ts';

export class CurrentRedactions implements Redactions {
  #of: Redactions['of'];

  /** Until the pipelines were read nothing is known of any channel. */
  constructor(first: Redactions['of'] = () => 'unknown') {
    this.#of = first;
  }

  use(of: Redactions['of']): void {
    this.#of = of;
  }

  of(channel: ChannelName): ChannelRedaction {
    return this.#of(channel);
  }
}
