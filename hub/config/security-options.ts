/** Certificates, people, quotas and the services that must not be open. */
import { isLoopbackHost } from '@tributary/shared/network/listen-address.ts';
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { tenantName, tenantOrAll, typeName } from './names.ts';

const file = z.string().min(1);

export const tlsOptions = z
  .strictObject({
    cert: file
      .optional()
      .describe(
        "PEM file: this hub's certificate and what it was signed with, the leaf first. `pki/hub.crt` in `data_dir` unless set.",
      ),
    key: file.optional().describe('PEM file: its key, of which others may read nothing. `pki/hub.key` in `data_dir` unless set.'),
    pkcs12: file.optional().describe('PKCS#12 file with both, instead of `cert` and `key`.'),
    passphrase: z.string().min(1).optional().describe('Of an encrypted key or PKCS#12 file: `${file:/etc/tributary/hub.pass}`.'),
    ca: file
      .optional()
      .describe(
        "PEM file: what agents' certificates are verified with. `pki/ca.crt` in `data_dir` unless set; with one of your own this site enrols no agents.",
      ),
    min_version: z.enum(['1.3', '1.2']).default('1.3').describe('The least version of TLS.'),
    agent_lifetime: durationBetween({ min: '10s', max: '3650d' })
      .prefault('90d')
      .describe("How long agents' certificates are valid. Each is renewed by its agent when two thirds of it are over."),
  })
  .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), 'cert and key are given together, or neither of them')
  .refine((tls) => tls.pkcs12 === undefined || tls.cert === undefined, {
    path: ['pkcs12'],
    error: 'stands instead of tls.cert and tls.key',
  });

const role = z.enum(['viewer', 'operator', 'admin']);

/** Codes, tokens and sessions go there. */
const safeUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !isPlainFromAfar(text), 'must be https, as it is not on the loopback');

function isPlainFromAfar(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && !isLoopbackHost(hostname);
}

export const oidcOptions = z.strictObject({
  issuer: safeUrl.describe('Address of the OpenID Connect provider; http only on the loopback.'),
  client_id: z.string().min(1),
  client_secret: z
    .string()
    .min(1)
    .optional()
    .describe('`${file:…}`; without one the client is public (PKCE is used in any case).'),
  public_url: safeUrl.describe(
    "This hub's address as browsers see it; `/api/v1/oidc/callback` under it is registered at the provider.",
  ),
  scopes: z.array(z.string().min(1)).default(['openid', 'profile', 'email']),
  user_claim: z.string().min(1).default('preferred_username').describe('Claim that names the person; `sub` where it is missing.'),
  groups_claim: z.string().min(1).default('groups').describe('Claim with the groups of the person.'),
  roles: z
    .array(z.strictObject({ group: z.string().min(1), tenant: tenantOrAll, role }))
    .default([])
    .describe('What members of a group may do. Who is in none of them may not sign in.'),
});

export const sessionOptions = z.strictObject({
  max_age: durationBetween({ min: '1m', max: '30d' }).prefault('12h').describe('How long somebody stays signed in.'),
});

export const quotaOptions = z.strictObject({
  tenant: tenantName,
  type: typeName.optional().describe('All types of the tenant together unless set.'),
  bytes_per_day: bytesBetween({ min: '1KiB' }).describe('Of records, inflated, from midnight to midnight UTC.'),
  action: z
    .enum(['warn', 'throttle', 'drop'])
    .default('warn')
    .describe('Beyond it: tell; take no more than the quota gives a second, so that the edge keeps the rest; or drop, counted.'),
});

export const serviceOptions = z.strictObject({
  kind: z.enum(['elasticsearch', 'kibana', 'redis']),
  url: z.url({ protocol: /^(?:https?|rediss?)$/ }).describe('Without credentials: it is asked as a stranger would.'),
});
