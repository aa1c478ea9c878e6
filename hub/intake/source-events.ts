/** What peers bring of which source, for who looks whether something still comes of it: told after it is stored. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';

export interface SourceEvents {
  /** `source`: the path of a file, or what else it is called there. */
  opened(key: StreamKey, channel: ChannelName, source: string): void;
  brought(key: StreamKey): void;
  /** Nothing more will come of it. */
  closed(key: StreamKey): void;
}
