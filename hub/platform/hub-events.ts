/**
 * What the hub tells about itself and its people: platform events, as docs/PLATFORM-EVENTS.md has them, in the channel
 * `<tenant>/platform` of the tenant that the configuration names for it. Never holds a secret.
 */
export interface HubEvent {
  /** `event.action`: one of `hubEventNames`, or of the audit trail (audit-actions.ts). */
  readonly action: string;
  /** For people. */
  readonly message: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly category: 'authentication' | 'configuration' | 'iam' | 'network' | 'host' | 'process';
  /** `event.type`, one of ECS: `info` unless set. */
  readonly type?: 'start' | 'end' | 'change' | 'creation' | 'deletion' | 'access' | 'denied' | 'info' | 'error';
  readonly outcome?: 'success' | 'failure';
  /** Never told in a sum: there are as many of them as of what they tell of. */
  readonly eachOne?: boolean;
  /** ECS fields in nested form, beside what every event has. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Every event that the hub tells of itself; docs/PLATFORM-EVENTS.md describes each (checked by a test). */
export const hubEventNames = [
  'finding-raised',
  'finding-cleared',
  'quota-nearly-used',
  'quota-used-up',
  'certificate-changed',
  'certificate-measured',
  'events-dropped',
  'batch-not-forwarded',
  'upstream-turned',
  'store-lost',
  'store-changed',
  'archive-object-written',
] as const;

export interface ReportedEvent extends HubEvent {
  readonly action: (typeof hubEventNames)[number];
}

export interface HubEventSink {
  /**
   * Never waits and never throws. What cannot be stored now is kept in memory up to a bound, and counted beyond it. Of one action so many
   * are told within a minute, the rest as one with its count. Whoever reports writes the line in the log, too.
   */
  report(event: ReportedEvent): void;
}
