/**
 * Tokens: of the HTTP API (`api`), and those that agents (`agent`) and lower sites (`hub`) enrol with. A secret is in the answer that made it
 * and nowhere else. Who administers a tenant makes, sees and revokes those that hold for nothing but it.
 */
import { encodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import * as protocolLimits from '@tributary/protocol/limits.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { durationBetween } from '@tributary/shared/options/units.ts';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { everyTenant, may, nameOf, type Principal } from '../../../access/access.ts';
import { formatApiToken, hashSecret, makeSecret, makeTokenId } from '../../../access/secrets.ts';
import { tenantName, tenantOrAll } from '../../../config/names.ts';
import { apiTokenView, enrolmentTokenView } from '../../../registry/record-views.ts';
import type { ApiTokenRecord, EnrolmentTokenRecord, Registry } from '../../../registry/registry.ts';
import { type ApiRoutes, demand, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import type { EnrolmentPlace } from '../enrolment-place.ts';
import { HttpError } from '../http-error.ts';
import { listPage, listPageQuery, newestFirst } from '../list-page.ts';
import { madeTokenAnswer, tokensAnswer } from '../operation-shapes.ts';

type TokenRegistry = Pick<
  Registry,
  'apiToken' | 'apiTokens' | 'enrolmentTokens' | 'addApiToken' | 'addEnrolmentToken' | 'revokeToken'
>;

export interface TokenRouteParts {
  readonly registry: TokenRegistry;
  readonly clock: Clock;
  /** Throws an HttpError where agents cannot enrol here, with what to do. */
  readonly enrolmentPlace: () => EnrolmentPlace;
}

const usesMax = 1_000_000;
const noteMax = 200;
const ttl = durationBetween({ min: '1m', max: '3650d' });
const plainText = /^[^\p{Cc}\p{Cf}]*$/u;
const labelText = (bytesMax: number): z.ZodString =>
  z
    .string()
    .regex(plainText, 'has characters that no label has')
    .refine((text) => Buffer.byteLength(text) <= bytesMax, `is too long: at most ${bytesMax} bytes`);
const labels = z
  .record(labelText(protocolLimits.labelNameBytesMax).min(1), labelText(protocolLimits.labelValueBytesMax))
  .refine((all) => Object.keys(all).length <= protocolLimits.labelsMax, `at most ${protocolLimits.labelsMax} labels`)
  .default({});
const uses = z.int().min(1).max(usesMax).default(1);
const tokenBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('api'),
    tenant: tenantOrAll,
    scope: z.enum(['read', 'write', 'admin']),
    note: z.string().max(noteMax).regex(plainText, 'has characters that no note has').default(''),
    ttl: ttl.optional(),
  }),
  z.strictObject({ kind: z.literal('agent'), tenant: tenantName, labels, uses, ttl: ttl.prefault('24h') }),
  z.strictObject({
    kind: z.literal('hub'),
    tenants: z.union([z.literal(everyTenant), z.array(tenantName).min(1).max(1000)]),
    uses,
    ttl: ttl.prefault('24h'),
  }),
]);
type NewApiToken = Extract<z.output<typeof tokenBody>, { kind: 'api' }>;
type NewEnrolmentToken = Exclude<z.output<typeof tokenBody>, { kind: 'api' }>;
const tokenPath = z.strictObject({ id: z.string().regex(/^[a-z0-9]{8,32}$/, 'must be the public name of a token') });

const listQuery = z.strictObject(listPageQuery);

const abouts = {
  list: { summary: 'Tokens, without their secrets', query: listQuery, answer: tokensAnswer },
  make: {
    summary: 'Make a token: its secret is in this answer and nowhere else',
    query: nothing,
    body: tokenBody,
    answer: madeTokenAnswer,
    statuses: [201],
  },
  revoke: { summary: 'Revoke a token', path: tokenPath, query: nothing },
};

export function tokenRoutes(parts: TokenRouteParts): ApiRoutes {
  const { registry } = parts;
  return (app) => {
    app.get('/api/v1/tokens', { config: { access: 'administer', about: abouts.list } }, async (request, reply) => {
      const query = checked(listQuery, request.query, 'query');
      const principal = principalOf(request);
      const api = (await registry.apiTokens()).filter(({ tenant }) => may(principal, 'administer', tenant));
      const enrolment = (await registry.enrolmentTokens()).filter(({ tenants }) => mayAdminister(principal, tenants));
      const { page, next } = listPage(
        [...api, ...enrolment],
        query,
        ({ createdMs, tokenId }) => newestFirst(createdMs) + tokenId,
      );
      const tokens = page.map((token) => ('scope' in token ? apiTokenView(token) : enrolmentTokenView(token)));
      return reply.send({ tokens, ...next });
    });

    app.post('/api/v1/tokens', { config: { access: 'administer', about: abouts.make } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const body = checked(tokenBody, request.body, 'body');
      const made =
        body.kind === 'api' ? await makeApiToken(body, request, parts) : await makeEnrolmentToken(body, request, parts);
      return reply.code(201).send(made);
    });

    app.delete('/api/v1/tokens/:id', { config: { access: 'administer', about: abouts.revoke } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      checked(nothing, request.body, 'body');
      const { id } = checked(tokenPath, request.params, 'path');
      const principal = principalOf(request);
      const api = registry.apiToken(id);
      const enrolment = (await registry.enrolmentTokens()).find(({ tokenId }) => tokenId === id);
      const tenants = api === undefined ? enrolment?.tenants : [api.tenant];
      if (tenants === undefined || !mayAdminister(principal, tenants)) {
        throw new HttpError(404, 'unknown-token', 'no token has this id: GET /api/v1/tokens lists them');
      }
      await registry.revokeToken(id, { actor: nameOf(principal), address: request.ip });
      return reply.code(204).send();
    });
  };
}

function mayAdminister(principal: Principal, tenants: readonly string[] | 'all'): boolean {
  const all = tenants === 'all' || tenants.length === 0 ? [everyTenant] : tenants;
  return all.every((tenant) => may(principal, 'administer', tenant));
}

async function makeApiToken(
  { tenant, scope, note, ttl: lifetimeMs }: NewApiToken,
  request: FastifyRequest,
  { registry, clock }: TokenRouteParts,
): Promise<Readonly<Record<string, unknown>>> {
  const createdBy = nameOf(demand(request, 'administer', tenant));
  const [tokenId, secret, createdMs] = [makeTokenId(), makeSecret(), clock.now()];
  const record: ApiTokenRecord = {
    tokenId,
    secretHash: hashSecret(secret),
    tenant,
    scope,
    note,
    createdMs,
    createdBy,
    expiresMs: lifetimeMs === undefined ? undefined : createdMs + lifetimeMs,
    revokedMs: undefined,
    lastUsedMs: undefined,
  };
  await registry.addApiToken(record, { actor: createdBy, address: request.ip });
  return { ...apiTokenView(record), token: formatApiToken({ tokenId, secret }) };
}

async function makeEnrolmentToken(
  body: NewEnrolmentToken,
  request: FastifyRequest,
  { registry, clock, enrolmentPlace }: TokenRouteParts,
): Promise<Readonly<Record<string, unknown>>> {
  const tenants = tenantsOf(body);
  for (const tenant of tenants === 'all' ? [everyTenant] : tenants) demand(request, 'administer', tenant);
  const createdBy = nameOf(principalOf(request));
  const { hubs, fingerprint } = enrolmentPlace();
  const [tokenId, secret, createdMs] = [makeTokenId(), makeSecret(), clock.now()];
  const record: EnrolmentTokenRecord = {
    tokenId,
    secretHash: hashSecret(secret),
    kind: body.kind,
    tenants,
    labels: body.kind === 'agent' ? body.labels : {},
    usesMax: body.uses,
    uses: 0,
    createdMs,
    createdBy,
    expiresMs: createdMs + body.ttl,
    revokedMs: undefined,
  };
  await registry.addEnrolmentToken(record, { actor: createdBy, address: request.ip });
  return { ...enrolmentTokenView(record), token: encodeEnrolmentToken({ hubs, fingerprint, tokenId, secret }) };
}

function tenantsOf(body: NewEnrolmentToken): readonly string[] | 'all' {
  if (body.kind === 'agent') return [body.tenant];
  return typeof body.tenants === 'string' ? 'all' : body.tenants;
}
