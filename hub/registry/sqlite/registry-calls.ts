/** What is asked of the one connection that writes: by the hub of a thread, by a command in its own. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Fence } from '../../cluster/cluster.ts';
import type { RedisOptions } from '../../config/store-options.ts';
import type { Patience } from '../../queue/redis/masters/limits.ts';
import type { LogLimits } from '../redis/limits.ts';
import type { ThreadCall } from '@tributary/shared/async/thread-call.ts';
import type {
  ApiTokenRecord,
  AuditEvent,
  ChangedFrom,
  Enrolment,
  EnrolmentDecision,
  EnrolmentTokenRecord,
  Greeting,
  HelloVerdict,
  HowSet,
  SessionRecord,
  UserRecord,
} from '../registry.ts';

export interface OpenArgument {
  readonly folder: string;
  readonly crashPoint: string | undefined;
  /** Of a site with several hubs. */
  readonly shared?: SharedOptions | undefined;
}

/** How the registry is shared: plain data, which crosses to a thread. */
export interface SharedOptions {
  readonly redis: RedisOptions;
  readonly durability: 'full' | 'relaxed';
  /** A site that has no registry yet may be begun. */
  readonly mayFound: boolean;
  /** Instead of the usual ones, in tests. */
  readonly limits?: Partial<LogLimits> | undefined;
  readonly patience?: Partial<Patience> | undefined;
}

interface At {
  readonly nowMs: number;
}

type By = Pick<AuditEvent, 'actor' | 'address'>;

type Change<Argument, Result = void> = { readonly argument: At & Argument; readonly result: Result };

/** What may be done under a lock. */
type Fenced<Argument> = Change<Argument & { readonly fence?: Fence | undefined }>;

/** Names and times of those that were seen. */
export type Seen = readonly (readonly [id: string, atMs: number])[];

export type RegistryContract = {
  readonly open: { readonly argument: OpenArgument; readonly result: void };
  readonly giveUp: { readonly argument: undefined; readonly result: void };
  readonly enrol: Change<{ readonly enrolment: Enrolment; readonly address: string }, EnrolmentDecision>;
  readonly certified: Change<{
    readonly agentId: Id;
    readonly fingerprint: string;
    readonly notAfterMs: number;
    readonly address: string;
  }>;
  readonly greeted: Change<{ readonly hello: Greeting; readonly address: string }, HelloVerdict>;
  readonly revokeAgent: Change<{ readonly agentId: Id; readonly audit: By }>;
  readonly forgetAgent: Change<{ readonly agentId: Id; readonly audit: By }>;
  readonly addEnrolmentToken: Change<{ readonly token: EnrolmentTokenRecord; readonly audit: By }>;
  readonly addApiToken: Change<{ readonly token: ApiTokenRecord; readonly audit: By }>;
  readonly revokeToken: Change<{ readonly tokenId: string; readonly audit: By }>;
  readonly forgetTokens: Change<{ readonly tokenIds: readonly string[]; readonly overBeforeMs: number }>;
  readonly putUser: Change<{ readonly user: UserRecord; readonly audit: AuditEvent; readonly from?: ChangedFrom | undefined }>;
  readonly removeUser: Change<{ readonly name: string; readonly audit: By }>;
  readonly putSession: Change<{ readonly session: SessionRecord; readonly audit: AuditEvent }>;
  readonly removeSession: Change<{ readonly idHash: string; readonly audit: AuditEvent }>;
  readonly record: Fenced<{ readonly audit: AuditEvent }>;
  readonly auditPassedOn: Fenced<{ readonly sequence: number }>;
  readonly setMeta: Fenced<{
    readonly values: Readonly<Record<string, string>>;
    readonly unlessSet?: boolean | undefined;
    readonly from?: HowSet['from'] | undefined;
    readonly audit?: AuditEvent | undefined;
  }>;
  /** When agents and tokens of the HTTP API were last seen, and an end to what is over. */
  readonly tidy: Change<{ readonly agents: Seen; readonly tokens: Seen }>;
};

export type RegistryCall = ThreadCall<RegistryContract>;

/** Who answers: a thread, or this one. */
export interface RegistryCalls extends AsyncDisposable {
  call<Name extends keyof RegistryContract>(
    name: Name,
    argument: RegistryContract[Name]['argument'],
  ): Promise<RegistryContract[Name]['result']>;
}
