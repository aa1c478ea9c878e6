/**
 * Enrolment: two JSON requests over HTTPS on the agents' port, before and beside the WebSocket. docs/PROTOCOL.md has the exchange.
 *
 * `POST /v1/enrol` needs a token and no certificate; `POST /v1/renew` needs the present certificate and no token. Both carry the
 * public key to be certified and a signature made with its private key over `proofText`, so that nobody has a key certified
 * that is another's. The answer is an `EnrolmentAnswer`, or an `EnrolmentRefusal` with status 4xx or 503.
 */
import type { Id } from '../messages.ts';

export const enrolPath = '/v1/enrol';
export const renewPath = '/v1/renew';
/** A request and an answer are far smaller. */
export const enrolmentBytesMax = 64 * 1024;

export interface KeyToCertify {
  /** SubjectPublicKeyInfo, DER in base64: a key on P-256. */
  readonly publicKey: string;
  /** ECDSA with SHA-256 over `proofText`, DER in base64. */
  readonly proof: string;
}

/** What a new agent, or a lower site's hub, says of itself. */
export interface EnrolRequest extends KeyToCertify {
  readonly tokenId: string;
  readonly secret: string;
  readonly kind: 'agent' | 'hub';
  /** The agent's, or the hub's. */
  readonly id: Id;
  /** Of a hub: its own site's. */
  readonly siteId?: Id;
  /** Bound to the machine, as in Hello. */
  readonly instanceId: Id;
  readonly bootId: Id;
  /** Name of the machine, for people. */
  readonly host: string;
  readonly version: string;
  /** `enroll --renew` on a clone: the identity it gives up. The site lets the other one in again. */
  readonly replaces?: { readonly agentId: Id; readonly bootId: Id };
}

export type RenewRequest = KeyToCertify;

export interface EnrolmentAnswer {
  /** PEM: the certificate, for this key. */
  readonly certificate: string;
  /** PEM: what the certificates of this site's hubs are verified with. One or more. */
  readonly authority: string;
  readonly siteId: Id;
  readonly site: string;
  readonly tenants: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `wss://host:port`. */
  readonly hubs: readonly string[];
}

export const enrolmentRefusalCodes = [
  /** Unknown, revoked, wrong secret: never told apart to a stranger. */
  'token',
  'token-expired',
  'token-used-up',
  /** This id belongs to another machine or another tenant; or it was revoked. */
  'identity',
  'proof',
  'certificate',
  'malformed',
  'too-many-tries',
  'unavailable',
] as const;

export type EnrolmentRefusalCode = (typeof enrolmentRefusalCodes)[number];

export interface EnrolmentRefusal {
  readonly error: EnrolmentRefusalCode;
  /** A sentence for a person: what happened and what to do. */
  readonly hint: string;
}

/** What `proof` signs. `context`: `enrol <tokenId>` or `renew`. */
export function proofText(context: string, id: Id, publicKey: string): string {
  return `tributary ${context} ${id} ${publicKey}`;
}

/** Why a peer's certificate is not good here: `error` of the 401 that answers a request for the WebSocket, beside a `hint`. */
export const certificateProblems = [
  'no-certificate',
  'other-authority',
  'expired',
  'no-names',
  'other-site',
  'not-known',
  'revoked',
] as const;

export type CertificateProblem = (typeof certificateProblems)[number];
