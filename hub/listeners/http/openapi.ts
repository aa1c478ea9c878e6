/**
 * The OpenAPI 3.1 description of the routes that a server has. It is made of the schemas that the routes check with, so it says what they take
 * and nothing else.
 */
import * as z from 'zod';
import type { RouteAbout, RouteAccess } from './api-routes.ts';
import { errorCodes } from './error-codes.ts';

export interface DescribedRoute {
  readonly method: string;
  /** As fastify has it, `/api/v1/agents/:id`. */
  readonly url: string;
  readonly access: RouteAccess;
  readonly about: RouteAbout | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** Every route that a server has, in the order of their registration. */
export class RouteBook {
  readonly #routes: DescribedRoute[] = [];

  add(route: DescribedRoute): void {
    this.#routes.push(route);
  }

  get routes(): readonly DescribedRoute[] {
    return this.#routes;
  }
}

export function openapiOf(routes: readonly DescribedRoute[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const schemas: Record<string, unknown> = { Error: errorSchema };
  // Who asks for the page itself reads HTML.
  for (const route of routes.filter(({ about, method }) => about !== undefined && method !== 'HEAD')) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tributary hub',
      version,
      description:
        'Times are RFC 3339 in UTC, or milliseconds since 1970 where the name ends with Ms. A list that has more has `next`: give it as `after`. ' +
        'What belongs to a tenant that one may not look at is as good as not there.',
    },
    servers: [{ url: '/' }],
    paths,
    components: { securitySchemes, schemas, responses, headers: { ETag: etagHeader } },
  };
}

const securitySchemes = {
  token: { type: 'http', scheme: 'bearer', description: 'tributary_…, as tributary-hub token create --scope makes it' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-tributary',
    description: 'Of POST /api/v1/session. What changes something also needs the header x-csrf-token.',
  },
};

const errorSchema = {
  type: 'object',
  required: ['error', 'message'],
  properties: {
    error: {
      type: 'string',
      enum: Object.keys(errorCodes),
      description: Object.entries(errorCodes)
        .map(([code, text]) => `- \`${code}\` ${text}`)
        .join('\n'),
    },
    message: { type: 'string', description: 'For a person.' },
  },
};

const responses = {
  Error: {
    description: 'Why it was not done',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  },
  Same: { description: 'The answer that If-None-Match names still holds' },
};

const etagHeader = { description: 'For If-None-Match', schema: { type: 'string' } };

const accessTexts: Readonly<Record<RouteAccess, string>> = {
  open: 'Anybody.',
  known: 'Whoever is signed in, or has a token.',
  view: 'Needs to view: scope read or admin, or any role.',
  operate: 'Needs to operate: scope admin, or the role operator or admin.',
  administer: 'Needs to administer: scope admin, or the role admin.',
  push: 'Needs to push: scope write or admin.',
};

function operationOf({ method, url, access, about }: DescribedRoute, schemas: Record<string, unknown>): Json {
  const { summary = '', path, query, headers, body, media = ['application/json'] } = about ?? {};
  const id = operationId(method, url);
  const schemaOf = schemasOf(id, schemas);
  const content = body && Object.fromEntries(media.map((type) => [type, { schema: schemaOf(body, 'input') }]));
  return {
    summary,
    description: accessTexts[access],
    operationId: id,
    ...(access === 'open' ? { security: [] } : { security: [{ token: [] }, { session: [] }] }),
    parameters: [
      ...parametersOf(path && schemaOf(path, 'input'), 'path'),
      ...parametersOf(query && schemaOf(query, 'input'), 'query'),
      ...parametersOf(headers && schemaOf(headers, 'input'), 'header'),
    ],
    ...(content !== undefined && { requestBody: { required: true, content } }),
    responses: { ...answered(method, about ?? { summary }, schemaOf), default: { $ref: '#/components/responses/Error' } },
  };
}

function operationId(method: string, url: string): string {
  const words = url.replace(/^\/api\/v1/, '').split(/[^a-zA-Z0-9]+/);
  return [method.toLowerCase(), ...words.filter((word) => word !== '')].join('_');
}

function answered(
  method: string,
  { answer, statuses = [answer === undefined ? 204 : 200] }: RouteAbout,
  schemaOf: SchemaOf,
): Json {
  const description = answer === undefined ? 'Done' : 'As asked';
  if (answer === undefined) return Object.fromEntries(statuses.map((status) => [status, { description }]));
  if (typeof answer === 'string') {
    const content = { [answer.split(';')[0] ?? answer]: { schema: { type: 'string' } } };
    return Object.fromEntries(statuses.map((status) => [status, { description, content }]));
  }
  const content = { 'application/json': { schema: schemaOf(answer, 'output') } };
  if (method !== 'GET') return Object.fromEntries(statuses.map((status) => [status, { description, content }]));
  const headers = { etag: { $ref: '#/components/headers/ETag' } };
  return { 200: { description, headers, content }, 304: { $ref: '#/components/responses/Same' } };
}

function parametersOf(schema: Json | undefined, place: 'path' | 'query' | 'header'): Json[] {
  const { properties, required } = schema ?? {};
  if (!isObject(properties)) return [];
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, one]) => {
    return { name, in: place, required: place === 'path' || needed.includes(name), schema: one };
  });
}

type SchemaOf = (schema: z.ZodType, io: 'input' | 'output') => Json;

/**
 * What refers to itself goes among the document's own `schemas`, where references are looked for. What cannot be said in JSON Schema, as a check
 * by a function, is left out: it is told when it fails.
 */
function schemasOf(operation: string, schemas: Record<string, unknown>): SchemaOf {
  return (schema, io) => {
    const made = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any', override: inWords });
    const prefix = `${operation}.${io}.`;
    const text = JSON.stringify(made).replaceAll('"#/$defs/', `"#/components/schemas/${prefix}`);
    const { $schema: _, $defs, ...rest }: Json = JSON.parse(text);
    for (const [name, one] of Object.entries(isObject($defs) ? $defs : {})) schemas[`${prefix}${name}`] = one;
    return rest;
  };
}

/** Options tell what they may be in words of the configuration, which JSON Schema does not know. */
function inWords({ jsonSchema }: { readonly jsonSchema: Record<string, unknown> }): void {
  const { unit, min, max } = jsonSchema;
  if (typeof unit !== 'string') return;
  for (const name of ['unit', 'min', 'max']) delete jsonSchema[name];
  const ends = [typeof min === 'string' && `from ${min}`, typeof max === 'string' && `to ${max}`];
  jsonSchema['description'] = ['a', unit, ...ends.filter((end) => end !== false)].join(' ');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
