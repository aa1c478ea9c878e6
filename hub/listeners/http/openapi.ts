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
  // Who asks for the page itself reads HTML.
  for (const route of routes.filter(({ about, method }) => about !== undefined && method !== 'HEAD')) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route);
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
    paths,
    components: { securitySchemes, schemas: { Error: errorSchema }, responses: { Error: errorResponse } },
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

const errorResponse = {
  description: 'Why it was not done',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};

const accessTexts: Readonly<Record<RouteAccess, string>> = {
  open: 'Anybody.',
  known: 'Whoever is signed in, or has a token.',
  view: 'Needs to view: scope read or admin, or any role.',
  operate: 'Needs to operate: scope admin, or the role operator or admin.',
  administer: 'Needs to administer: scope admin, or the role admin.',
  push: 'Needs to push: scope write or admin.',
};

function operationOf({ method, url, access, about }: DescribedRoute): Json {
  const { summary = '', path, query, body, answer } = about ?? {};
  return {
    summary,
    description: accessTexts[access],
    operationId: operationId(method, url),
    ...(access === 'open' ? { security: [] } : { security: [{ token: [] }, { session: [] }] }),
    parameters: [...parametersOf(path, 'path'), ...parametersOf(query, 'query')],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: { ...answered(answer), default: { $ref: '#/components/responses/Error' } },
  };
}

function operationId(method: string, url: string): string {
  const words = url.replace(/^\/api\/v1/, '').split(/[^a-zA-Z0-9]+/);
  return [method.toLowerCase(), ...words.filter((word) => word !== '')].join('_');
}

function answered(answer: RouteAbout['answer']): Json {
  if (answer === undefined) return { 204: { description: 'Done' } };
  const content =
    typeof answer === 'string'
      ? { [answer.split(';')[0] ?? answer]: { schema: { type: 'string' } } }
      : { 'application/json': { schema: schemaOf(answer, 'output') } };
  return { 200: { description: 'As asked', content } };
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties, required } = schemaOf(schema, 'input');
  if (!isObject(properties)) return [];
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, one]) => {
    return { name, in: place, required: place === 'path' || needed.includes(name), schema: one };
  });
}

/** What cannot be said in JSON Schema, as a check by a function, is left out: it is told when it fails. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
  return rest;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
