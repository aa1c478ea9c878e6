/**
 * Every action of the audit trail: its words and its ECS categorisation. This is the only place that names them; docs/PLATFORM-EVENTS.md
 * lists each (checked by a test). An action is the same whether it succeeded or not: the event's outcome says so.
 */
import type { HubEvent } from './hub-events.ts';

export interface AuditAction {
  readonly category: HubEvent['category'];
  readonly type: NonNullable<HubEvent['type']>;
  readonly message: string;
  /** What it says when it did not succeed. */
  readonly failure?: string;
  /** Of success; failures are `warn`. */
  readonly level?: HubEvent['level'];
}

export const auditActions = {
  'site-made': {
    category: 'configuration',
    type: 'creation',
    message: 'the site was made: authority, certificate, administrator',
  },
  'hub-joined': { category: 'configuration', type: 'creation', message: 'one more hub of the site was made' },
  'agent-enrolled': {
    category: 'iam',
    type: 'creation',
    message: 'an agent was enrolled',
    failure: 'somebody tried to enrol and was refused',
  },
  'agent-certified': { category: 'iam', type: 'change', message: 'a certificate was signed for an agent' },
  'agent-replaced': { category: 'iam', type: 'change', message: 'an agent was made a new one, and gave its identity up' },
  'agent-cloned': {
    category: 'iam',
    type: 'denied',
    message: 'two machines use the identity of one agent',
    failure: 'two machines use the identity of one agent',
    level: 'error',
  },
  'agent-refused': {
    category: 'authentication',
    type: 'denied',
    message: 'a peer was turned away',
    failure: 'a peer was turned away: its certificate, its identity or what it sent was not in order',
  },
  'agent-forgotten': { category: 'iam', type: 'deletion', message: 'an agent was taken out of the list' },
  'agent-revoked': { category: 'iam', type: 'deletion', message: 'an agent was revoked: its certificates are refused' },
  'token-created': { category: 'iam', type: 'creation', message: 'an enrolment token was created' },
  'api-token-created': { category: 'iam', type: 'creation', message: 'a token of the HTTP API was created' },
  'api-token-refused': {
    category: 'authentication',
    type: 'denied',
    message: 'a token of the HTTP API was refused',
    failure: 'a token of the HTTP API was refused: it is wrong, was revoked, has expired, or came unencrypted',
  },
  'token-revoked': { category: 'iam', type: 'deletion', message: 'a token was revoked' },
  'user-added': { category: 'iam', type: 'creation', message: 'a user was added' },
  'user-changed': { category: 'iam', type: 'change', message: 'a user was changed' },
  'user-granted': { category: 'iam', type: 'change', message: 'the roles of a user were changed' },
  'user-password-changed': {
    category: 'iam',
    type: 'change',
    message: 'the password of a user was changed',
    failure: 'somebody tried to change a password and was refused',
  },
  'user-removed': { category: 'iam', type: 'deletion', message: 'a user was removed' },
  'user-logged-in': {
    category: 'authentication',
    type: 'start',
    message: 'somebody signed in',
    failure: 'somebody tried to sign in and was refused',
  },
  'user-logged-out': { category: 'authentication', type: 'end', message: 'somebody signed out' },
  'configuration-changed': { category: 'configuration', type: 'change', message: 'the hub has another configuration' },
  'configuration-refused': {
    category: 'configuration',
    type: 'change',
    message: 'another configuration was refused',
    failure: 'the configuration was to be read again and was refused: what ran goes on',
  },
  'channel-paused': { category: 'configuration', type: 'change', message: 'reader groups of a channel were paused' },
  'channel-resumed': { category: 'configuration', type: 'change', message: 'reader groups of a channel were resumed' },
  'channel-sought': {
    category: 'configuration',
    type: 'change',
    message: 'a reader group of a channel was moved to another place',
  },
  'channel-skipped': {
    category: 'configuration',
    type: 'change',
    message: 'entries of a channel were put aside as dead letters by hand',
  },
  'dead-letters-shown': { category: 'iam', type: 'access', message: 'documents that a destination refused were looked at' },
  'dead-letters-replayed': {
    category: 'configuration',
    type: 'change',
    message: 'documents that a destination refused are sent again',
    failure: 'documents that a destination refused were to be sent again, and that ended before all were',
  },
  'dead-letters-dropped': {
    category: 'configuration',
    type: 'deletion',
    message: 'documents that a destination refused are dropped',
    failure: 'documents that a destination refused were to be dropped, and that ended before all were',
  },
  'dead-letters-stopped': {
    category: 'configuration',
    type: 'change',
    message: 'the replay or drop of documents that a destination refused was stopped',
  },
  'dead-entries-replayed': {
    category: 'configuration',
    type: 'change',
    message: 'entries that were set aside come into their topics again',
  },
  'dead-entries-dropped': { category: 'configuration', type: 'deletion', message: 'entries that were set aside are dropped' },
  'data-removed': {
    category: 'configuration',
    type: 'deletion',
    message: 'housekeeping removes something that is too old',
    failure: 'housekeeping could not remove something that is too old',
  },
  'housekeeping-asked': { category: 'configuration', type: 'start', message: 'somebody had housekeeping begin' },
  'output-forgotten': {
    category: 'configuration',
    type: 'deletion',
    message: 'an output that is gone was forgotten, with what was kept for it',
  },
  'archive-restored': {
    category: 'configuration',
    type: 'creation',
    message: 'archived lines go through a pipeline again, into a log type',
  },
  'archive-reindexed': {
    category: 'configuration',
    type: 'change',
    message: "rows that the archive's index lacked were made again from its objects' manifests",
  },
  'archive-searched': { category: 'iam', type: 'access', message: 'the archive was searched' },
  'alerts-silenced': { category: 'configuration', type: 'change', message: 'nobody is told of some findings for a time' },
  'alerts-unsilenced': { category: 'configuration', type: 'change', message: 'people are told of some findings again' },
  'alert-acknowledged': { category: 'configuration', type: 'change', message: 'somebody knows of a finding' },
  'alert-unacknowledged': { category: 'configuration', type: 'change', message: 'nobody knows of a finding any more' },
  'alert-tested': { category: 'configuration', type: 'access', message: 'a receiver of alerts was told that nothing is wrong' },
  'audit-dropped': {
    category: 'process',
    type: 'error',
    message: 'events of the trail are missing',
    failure: 'events of the trail are missing: a million were waiting, and there was no room for more',
    level: 'error',
  },
  'hub-started': { category: 'process', type: 'start', message: 'the hub started' },
  'hub-stopped': { category: 'process', type: 'end', message: 'the hub stops' },
} as const satisfies Record<string, AuditAction>;

export type AuditActionName = keyof typeof auditActions;

/** Undefined for one that another version wrote. */
export function auditAction(name: string): AuditAction | undefined {
  return isAuditActionName(name) ? auditActions[name] : undefined;
}

export const auditActionNames: readonly AuditActionName[] = Object.keys(auditActions).filter(isAuditActionName);

function isAuditActionName(name: string): name is AuditActionName {
  return Object.hasOwn(auditActions, name);
}
