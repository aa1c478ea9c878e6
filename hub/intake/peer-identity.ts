/** Who is at the other end of a connection, as the listener found out before the first message (invariant 9). */
import type { CertificateProblem } from '@tributary/protocol/enrolment/messages.ts';
import type { Id } from '@tributary/protocol/messages.ts';

export type PeerIdentity =
  /** By its certificate: everything it sends belongs to this tenant, whatever its messages say. */
  | {
      readonly kind: 'agent';
      readonly agentId: Id;
      readonly tenant: string;
      /** SHA-256 of the certificate, hexadecimal: what is revoked. */
      readonly fingerprint: string;
      readonly notAfterMs: number;
    }
  /** By its certificate: a lower site's hub, which may forward these tenants of its own site's streams. */
  | {
      readonly kind: 'lower-site';
      readonly siteId: Id;
      /** Which of that site's hubs. */
      readonly hubId: Id;
      readonly tenants: readonly string[] | 'all';
      readonly fingerprint: string;
      readonly notAfterMs: number;
    }
  /** A plain listener. `tenant` is undefined only on loopback, where the machine's own programs are trusted to name theirs. */
  | { readonly kind: 'plain'; readonly tenant: string | undefined };

export type CertifiedIdentity = Exclude<PeerIdentity, { readonly kind: 'plain' }>;

/** What a peer's certificate is worth here. */
export type PeerVerdict =
  | { readonly kind: 'known'; readonly identity: CertifiedIdentity }
  | {
      readonly kind: 'refused';
      readonly error: CertificateProblem;
      /** A sentence for a person: what is the matter and what to do. */
      readonly hint: string;
      /** Whom a certificate of this site names; undefined for strangers. */
      readonly subject?: Id;
    };

/** The id that the registry has a certified peer under: an agent's, or that of a lower site's hub. */
export function registeredId(identity: CertifiedIdentity): Id {
  return identity.kind === 'agent' ? identity.agentId : identity.hubId;
}
