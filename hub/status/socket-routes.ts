/**
 * What commands ask of a running hub by its socket, beside the status. Only the hub's own user and root can open it, so whoever asks is
 * somebody at the console, and says who.
 */
import * as z from 'zod';
import type { Alerts } from '../alerts/alerts.ts';
import { acknowledgeRequest, silenceRequest } from '../alerts/holds.ts';
import type { Actor } from '../channels/channel-operations.ts';
import { OperationError } from '../channels/operation-error.ts';
import { pauseRequest, seekRequest, skipRequest } from '../channels/requests.ts';
import { tenantName, typeName } from '../config/names.ts';
import {
  dropEntriesRequest,
  dropRequest,
  listRequest,
  replayEntriesRequest,
  replayRequest,
  showRequest,
} from '../dead-letters/requests.ts';
import type { ChannelRouteParts } from '../listeners/http/routes/channel-routes.ts';
import type { DeadLetterRouteParts } from '../listeners/http/routes/dead-letter-routes.ts';
import type { HousekeepingRouteParts } from '../listeners/http/routes/housekeeping-routes.ts';
import type { ReindexOperations } from '../outputs/archive/index/reindex-operations.ts';
import { indexPath, indexRequest } from '../outputs/archive/index/requests.ts';
import { beginRequest, linesRequest, objectRequest, restorePaths } from '../outputs/archive/restore/requests.ts';
import type { RestoreOperations } from '../outputs/archive/restore/restore-operations.ts';

export interface SocketAnswer {
  readonly status: number;
  readonly body: unknown;
}

type Routes = Readonly<Record<string, (body: unknown, by: Actor) => Promise<unknown>>>;

/** `ask` is method and path. Undefined: there is no such route. */
export type SocketRoutes = (ask: string, body: unknown, by: Actor) => Promise<SocketAnswer | undefined>;

const channel = z.string().refine((text) => {
  const [tenant, type, ...rest] = text.split('/');
  return tenantName.safeParse(tenant).success && typeName.safeParse(type).success && rest.length === 0;
}, 'must be TENANT/TYPE');

const ofChannel = { channel };
const unsilenceRequest = z.strictObject({ id: z.string().min(1).max(100) });
const unacknowledgeRequest = acknowledgeRequest.pick({ node: true, finding: true });
const testRequest = z.strictObject({ receiver: z.string().min(1).max(100) });
const forgetRequest = z.strictObject({ name: z.string().min(1).max(100) });

export interface SocketRouteParts extends ChannelRouteParts, DeadLetterRouteParts, HousekeepingRouteParts {
  readonly restore: Pick<RestoreOperations, 'begin' | 'object' | 'lines'>;
  readonly reindex: Pick<ReindexOperations, 'add'>;
  readonly alerts: Pick<Alerts, 'list' | 'receivers' | 'test' | 'holds'>;
}

export function socketRoutes(parts: SocketRouteParts): SocketRoutes {
  const { channels, outputs, deadLetters, housekeeping, restore, reindex, alerts } = parts;
  const pause = async (body: unknown, by: Actor, paused: boolean): Promise<unknown> => {
    const { channel: name, group } = pauseRequest.extend(ofChannel).parse(body);
    return { groups: await channels.pause(name, { group, paused }, by) };
  };
  const routes: Routes = {
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
    'POST /dead-letters/list': (body) => deadLetters.list(listRequest.parse(body)),
    'POST /dead-letters/show': async (body, by) => ({ letters: await deadLetters.show(showRequest.parse(body), by) }),
    'POST /dead-letters/replay': async (body, by) => ({ job: await deadLetters.replay(replayRequest.parse(body), by) }),
    'POST /dead-letters/drop': async (body, by) => ({ job: await deadLetters.drop(dropRequest.parse(body), by) }),
    'POST /dead-letters/stop': async (_, by) => ({ job: await deadLetters.stop(by) }),
    'GET /dead-letters/job': async () => ({ job: deadLetters.job }),
    'POST /dead-letters/entries/replay': (body, by) => deadLetters.replayEntries(replayEntriesRequest.parse(body), by),
    'POST /dead-letters/entries/drop': (body, by) => deadLetters.dropEntries(dropEntriesRequest.parse(body), by),
    'POST /housekeeping/plan': () => housekeeping.plan(),
    'POST /housekeeping/run': async (_, by) => ({ wish: await housekeeping.ask(by) }),
    'GET /housekeeping': async () => ({ last: housekeeping.last }),
    ...alertRoutes(alerts),
    'GET /outputs': () => outputs.list(),
    'POST /outputs/forget': async (body, by) => ({ forgotten: await outputs.forget(forgetRequest.parse(body).name, by) }),
    [`POST ${restorePaths.begin}`]: (body, by) => restore.begin(beginRequest.parse(body), by),
    [`POST ${restorePaths.object}`]: (body) => restore.object(objectRequest.parse(body)),
    [`POST ${restorePaths.lines}`]: (body) => restore.lines(linesRequest.parse(body)),
    [`POST ${indexPath}`]: (body, by) => reindex.add(indexRequest.parse(body), by),
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

function alertRoutes(alerts: SocketRouteParts['alerts']): Routes {
  const { holds } = alerts;
  return {
    'GET /alerts': async () => {
      const { silences, acknowledgements } = holds;
      return { alerts: alerts.list(), receivers: alerts.receivers(), silences, acknowledgements };
    },
    'POST /alerts/silence': async (body, by) => ({ silence: await holds.silence(silenceRequest.parse(body), by) }),
    'POST /alerts/unsilence': async (body, by) => {
      await holds.unsilence(unsilenceRequest.parse(body).id, by);
      return {};
    },
    'POST /alerts/ack': async (body, by) => ({ acknowledgement: await holds.acknowledge(acknowledgeRequest.parse(body), by) }),
    'POST /alerts/unack': async (body, by) => {
      await holds.unacknowledge(unacknowledgeRequest.parse(body), by);
      return {};
    },
    'POST /alerts/test': (body, by) => alerts.test(testRequest.parse(body).receiver, by),
  };
}

function errorOf(error: unknown): { error: string; message: string } {
  if (error instanceof OperationError) return { error: error.code, message: error.message };
  if (!(error instanceof z.ZodError)) throw error;
  const [issue] = error.issues;
  return { error: 'malformed', message: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim() };
}
