/**
 * What a person ought to know now: each finding is there while its reason lasts. `status` shows them, a platform event tells when one comes
 * and goes; the health page (part 7) is made of them.
 */
export type FindingKind =
  | 'plaintext-listener'
  | 'certificate-expires'
  | 'certificate-unusable'
  | 'agent-cloned'
  | 'open-service'
  | 'quota-exceeded'
  | 'too-many-types'
  | 'too-many-streams'
  | 'store-trouble'
  | 'channel-paused'
  | 'channel-unread'
  | 'retention-exceeded'
  | 'output-removed'
  | 'dead-letters'
  | 'dead-letters-full'
  | 'dead-entries'
  | 'books-unbalanced'
  | 'housekeeping-failed'
  | 'configuration'
  | 'pipeline-refused'
  | 'pipeline-step-off'
  | 'pipeline-step'
  | 'pipelines-differ'
  | 'redaction-stuck'
  | 'archive-waits'
  | 'elasticsearch-away'
  | 'elasticsearch-refuses'
  | 'elasticsearch-volatile'
  | 'elasticsearch-shards'
  | 'upstream-away'
  | 'upstream-rejects'
  | 'upstream-certificate'
  | 'site-loop'
  | 'beats-redis-away'
  | 'beats-redis-aside'
  | 'platform-unreadable'
  | 'elasticsearch-setup'
  | 'agent-silent'
  | 'agent-mute'
  | 'agent-input'
  | 'agent-source'
  | 'agent-buffer'
  | 'agent-backlog'
  | 'agent-trouble'
  | 'agent-lost'
  | 'agent-unbalanced'
  | 'agent-certificate'
  | 'agent-disk'
  | 'agent-memory'
  | 'clock-skew'
  | 'version-skew'
  | 'channel-silent'
  | 'listener-silent'
  | 'source-silent'
  | 'lag'
  | 'stuck'
  | 'queue-filling'
  | 'topic-filling'
  | 'queue-aging'
  | 'listener-errors'
  | 'listener-closed'
  | 'output-errors'
  | 'output-behind'
  | 'disk-filling'
  | 'archive-disk-filling'
  | 'memory'
  | 'hub-silent'
  | 'alert-undelivered'
  | 'heartbeat-undelivered'
  | 'content-alert'
  | 'canary-missing'
  | 'site-silent';

export interface Finding {
  readonly kind: FindingKind;
  /** What it is about, such as the listener, the agent, the file: one finding per kind and subject. */
  readonly subject: string;
  readonly level: 'yellow' | 'red';
  /** One sentence: what is the matter and what to do. */
  readonly reason: string;
}

export interface StandingFinding extends Finding {
  readonly sinceMs: number;
}

export interface Findings {
  /** Replaces all findings of this kind. */
  set(kind: FindingKind, findings: readonly Finding[]): void;
  /** Replaces the one finding of this kind and subject, where others tell of the same kind; undefined: its reason is gone. */
  put(
    about: { readonly kind: FindingKind; readonly subject: string },
    finding: Pick<Finding, 'level' | 'reason'> | undefined,
  ): void;
  all(): readonly StandingFinding[];
}
