/**
 * Tokens of both kinds that are good for nothing any more: expired, revoked, or used as often as they may be. How long ago the last is nobody wrote
 * down, so those count from when they were made. `type` of a rule is `enrolment` or `api`.
 */
import type { ApiTokenRecord, EnrolmentTokenRecord, Registry } from '../../registry/registry.ts';
import type { HousekeepingKind, Removal } from '../removal.ts';
import { type Retention, whyGone } from '../retention.ts';

export interface OldTokensParts {
  readonly registry: Pick<Registry, 'enrolmentTokens' | 'apiTokens' | 'forgetTokens'>;
  readonly retention: () => Retention;
}

interface TokenRemoval extends Removal {
  readonly tokenId: string;
  readonly overBeforeMs: number;
}

const atOnce = 16;
/** What a row and its texts take about. */
const rowBytes = 300;

export function oldTokens({ registry, retention }: OldTokensParts): HousekeepingKind<TokenRemoval> {
  return {
    name: 'tokens',
    atOnce,
    plan: async function* (nowMs) {
      const keeps = retention();
      // Of a token for several tenants the longest time holds, of one for all of them what no rule of a tenant says.
      const keptFor = (tenants: readonly string[], type: string): number | undefined => {
        const each = tenants.map((tenant) => keeps('tokens', { tenant, types: [type] }));
        return each.reduce((most, one) => (most === undefined || one === undefined ? undefined : Math.max(most, one)));
      };
      for (const token of await registry.enrolmentTokens()) {
        const { tokenId, tenants } = token;
        const [tenant, ...more] = tenants === 'all' ? [] : tenants;
        const keptMs = keptFor(tenants === 'all' ? [''] : tenants, 'enrolment');
        const removal = removalOf({ tokenId, type: 'enrolment', overMs: enrolmentOverMs(token), keptMs }, nowMs);
        if (removal !== undefined) yield { ...removal, tenant: more.length === 0 ? tenant : undefined };
      }
      for (const token of await registry.apiTokens()) {
        const { tokenId, tenant } = token;
        const keptMs = keptFor([tenant], 'api');
        const removal = removalOf({ tokenId, type: 'api', overMs: apiOverMs(token), keptMs }, nowMs);
        if (removal !== undefined) yield { ...removal, tenant };
      }
    },
    remove: async ({ tokenId, overBeforeMs }, check) => {
      check();
      await registry.forgetTokens([tokenId], overBeforeMs);
    },
  };
}

interface Token {
  readonly tokenId: string;
  readonly type: 'enrolment' | 'api';
  readonly overMs: number;
  readonly keptMs: number | undefined;
}

function removalOf({ tokenId, type, overMs, keptMs }: Token, nowMs: number): Omit<TokenRemoval, 'tenant'> | undefined {
  if (keptMs === undefined || overMs >= nowMs - keptMs) return undefined;
  const subject = `${type === 'api' ? 'API token' : 'enrolment token'} ${tokenId}`;
  return { subject, type, bytes: rowBytes, why: whyGone('over since', overMs, keptMs), tokenId, overBeforeMs: overMs + 1 };
}

function enrolmentOverMs({ expiresMs, revokedMs, uses, usesMax, createdMs }: EnrolmentTokenRecord): number {
  return Math.min(expiresMs, revokedMs ?? Infinity, uses >= usesMax ? createdMs : Infinity);
}

function apiOverMs({ expiresMs, revokedMs }: ApiTokenRecord): number {
  return Math.min(expiresMs ?? Infinity, revokedMs ?? Infinity);
}
