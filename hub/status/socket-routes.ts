/**
 * What commands ask of a running hub by its socket, beside the status. Only the hub's own user and root can open it, so whoever asks is
 * somebody at the console, and says who.
 */
import * as z from 'zod';
import type { Actor } from '../channels/channel-operations.ts';
import { OperationError } from '../channels/operation-error.ts';
import { pauseRequest, seekRequest, skipRequest } from '../channels/requests.ts';
import { tenantName, typeName } from '../config/names.ts';
import type { ChannelRouteParts } from '../listeners/http/routes/channel-routes.ts';

export interface SocketAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** `ask` is method and path. Undefined: there is no such route. */
export type SocketRoutes = (ask: string, body: unknown, by: Actor) => Promise<SocketAnswer | undefined>;

const channel = z.string().refine((text) => {
  const [tenant, type, ...rest] = text.split('/');
  return tenantName.safeParse(tenant).success && typeName.safeParse(type).success && rest.length === 0;
}, 'must be TENANT/TYPE');

const ofChannel = { channel };
const forgetRequest = z.strictObject({ name: z.string().min(1).max(100) });

export function socketRoutes({ channels, outputs }: ChannelRouteParts): SocketRoutes {
  const pause = async (body: unknown, by: Actor, paused: boolean): Promise<unknown> => {
    const { channel: name, group } = pauseRequest.extend(ofChannel).parse(body);
    return { groups: await channels.pause(name, { group, paused }, by) };
  };
  const routes: Readonly<Record<string, (body: unknown, by: Actor) => Promise<unknown>>> = {
    'GET /channels': async () => ({ channels: await channels.list() }),
    'POST /channels/pause': (body, by) => pause(body, by, true),
    'POST /channels/resume': (body, by) => pause(body, by, false),
    'POST /channels/seek': async (body, by) => {
      const { channel: name, ...request } = seekRequest.extend(ofChannel).parse(body);
      return { partitions: await channels.seek(name, request, by) };
    },
    'POST /channels/skip': async (body, by) => {
      const { channel: name, ...request } = skipRequest.extend(ofChannel).parse(body);
      return channels.skip(name, request, by);
    },
    'GET /outputs': () => outputs.list(),
    'POST /outputs/forget': async (body, by) => ({ forgotten: await outputs.forget(forgetRequest.parse(body).name, by) }),
  };
  return async (ask, body, by) => {
    const route = Object.hasOwn(routes, ask) ? routes[ask] : undefined;
    if (route === undefined) return undefined;
    try {
      return { status: 200, body: await route(body, by) };
    } catch (error) {
      return { status: 400, body: errorOf(error) };
    }
  };
}

function errorOf(error: unknown): { error: string; message: string } {
  if (error instanceof OperationError) return { error: error.code, message: error.message };
  if (!(error instanceof z.ZodError)) throw error;
  const [issue] = error.issues;
  return { error: 'malformed', message: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim() };
}
