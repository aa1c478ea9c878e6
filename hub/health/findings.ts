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
  | 'configuration'
  | 'upstream-away'
  | 'upstream-rejects'
  | 'upstream-certificate'
  | 'site-loop';

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
