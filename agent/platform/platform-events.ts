/**
 * What the agent tells about itself and its machine: platform events, JSON documents in the field names of ECS and Metricbeat. They
 * are records of the channel `<tenant>/platform`, acknowledged and buffered like any other, with room of their own in a full buffer.
 * docs/PLATFORM-EVENTS.md is the schema.
 */

/** Why something that was or could have been read will not arrive. One cause per counter and event. */
export type LossCause =
  /** The buffer was full and the input's `overflow` says so. */
  | 'buffer-full'
  /** A datagram came while the socket's receive buffer was full: the kernel's count. */
  | 'socket-full'
  /** More than the input may take: too long, too many connections. */
  | 'too-large'
  /** The file is gone and was not read to its end. */
  | 'file-gone'
  /** The file was truncated before it was read to its end. */
  | 'truncated'
  /** Removed by rotation although the hub did not have it, because the configuration says so. */
  | 'expired'
  /** The connection ended within a record that could not be kept. */
  | 'connection-ended'
  /** The hub never got it and the buffer does not have it any more. */
  | 'replay-expired'
  /** The hub had it, lost it with its store, and the buffer does not have it any more. */
  | 'store-lost'
  /** Only hubs have another way; here for the causes of the protocol. */
  | 'other-way'
  | 'buffer-lost'
  | 'buffer-damaged'
  | 'source-lost'
  | 'rejected'
  | 'dropped';

/** One document. `fields` are ECS fields in nested form; the reporter adds time, host and agent. */
export interface PlatformEvent {
  readonly kind: 'event' | 'metric' | 'alert';
  /** `event.action` of an event (`file-rotated`), `event.dataset` of a metric (`system.cpu`). */
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Events of the same name and source that come soon after one another are told as one, with their count. */
  readonly source?: string;
  /** Added up when several events are told as one; in the document they are fields of `tributary`. */
  readonly sums?: Readonly<Record<string, number>>;
}

export interface PlatformReporter {
  /** Never waits and never throws: what there is no room for is counted. */
  report(event: PlatformEvent): void;
}
