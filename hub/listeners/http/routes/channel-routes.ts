/** Channels and their reader groups. What belongs to a tenant that the one who asks may not look at is as good as not there. */
import * as z from 'zod';
import { everyTenant, may, nameOf, type Principal } from '../../../access/access.ts';
import type { Actor, ChannelOperations } from '../../../channels/channel-operations.ts';
import { pauseRequest, seekRequest, skipRequest } from '../../../channels/requests.ts';
import { tenantName, typeName } from '../../../config/names.ts';
import type { OutputOperations } from '../../../outputs/output-operations.ts';
import { type ApiRoutes, demand, forbidden, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { listOf } from '../described.ts';
import { HttpError } from '../http-error.ts';
import { listPage, listPageQuery } from '../list-page.ts';
import { channelsAnswer, forgottenAnswer, outputsAnswer, topicsAnswer } from '../operation-shapes.ts';
import { told } from './operations-told.ts';
import type { FastifyRequest } from 'fastify';

const channelPath = z.strictObject({ tenant: tenantName, type: typeName });
const listQuery = z.strictObject(listPageQuery);
const outputPath = z.strictObject({ name: z.string().regex(/^[a-z0-9:_-]{1,100}$/, 'must be the name of an output') });

const abouts = {
  list: { summary: 'Channels with their reader groups', query: listQuery, answer: channelsAnswer },
  topics: { summary: 'Topics, what lies in them, and how far their readers are', query: listQuery, answer: topicsAnswer },
  seek: {
    summary: 'Put the cursor of a reader elsewhere',
    path: channelPath,
    query: nothing,
    body: seekRequest,
    answer: listOf('partitions'),
  },
  skip: {
    summary: 'Take the next entries out of the way of a reader',
    path: channelPath,
    query: nothing,
    body: skipRequest,
    answer: z.strictObject({ partition: z.int(), skipped: z.int() }),
  },
  outputs: { summary: 'Outputs that are configured, and those that are gone', query: nothing, answer: outputsAnswer },
  forget: {
    summary: 'Forget an output that is gone, and what waits for it',
    path: outputPath,
    query: nothing,
    body: nothing,
    answer: forgottenAnswer,
  },
  pause: {
    summary: 'Stop the readers of a channel',
    path: channelPath,
    query: nothing,
    body: pauseRequest,
    answer: z.strictObject({ groups: z.array(z.string()) }),
  },
  resume: {
    summary: 'Let the readers of a channel go on',
    path: channelPath,
    query: nothing,
    body: pauseRequest,
    answer: z.strictObject({ groups: z.array(z.string()) }),
  },
};

export interface ChannelRouteParts {
  readonly channels: Pick<ChannelOperations, 'list' | 'topics' | 'pause' | 'seek' | 'skip'>;
  readonly outputs: Pick<OutputOperations, 'list' | 'forget'>;
}

export function channelRoutes({ channels, outputs }: ChannelRouteParts): ApiRoutes {
  return (app) => {
    app.get('/api/v1/channels', { config: { access: 'view', about: abouts.list } }, async (request, reply) => {
      const query = checked(listQuery, request.query, 'query');
      const seen = (await channels.list()).filter(isSeenBy(principalOf(request)));
      const { page, next } = listPage(seen, query, ({ channel }) => channel);
      return reply.send({ channels: page, ...next });
    });

    app.get('/api/v1/topics', { config: { access: 'view', about: abouts.topics } }, async (request, reply) => {
      const query = checked(listQuery, request.query, 'query');
      const seen = (await channels.topics()).filter(isSeenBy(principalOf(request)));
      const { page, next } = listPage(seen, query, ({ topic }) => topic);
      return reply.send({ topics: page, ...next });
    });

    for (const verb of ['pause', 'resume'] as const) {
      app.post(
        `/api/v1/channels/:tenant/:type/${verb}`,
        { config: { access: 'operate', about: abouts[verb] } },
        async (request, reply) => {
          const { channel, by } = asked(request);
          const { group } = checked(pauseRequest, request.body, 'body');
          return reply.send({ groups: await told(channels.pause(channel, { group, paused: verb === 'pause' }, by)) });
        },
      );
    }

    app.post(
      '/api/v1/channels/:tenant/:type/seek',
      { config: { access: 'operate', about: abouts.seek } },
      async (request, reply) => {
        const { channel, by } = asked(request);
        return reply.send({ partitions: await told(channels.seek(channel, checked(seekRequest, request.body, 'body'), by)) });
      },
    );

    app.post(
      '/api/v1/channels/:tenant/:type/skip',
      { config: { access: 'operate', about: abouts.skip } },
      async (request, reply) => {
        const { channel, by } = asked(request);
        return reply.send(await told(channels.skip(channel, checked(skipRequest, request.body, 'body'), by)));
      },
    );

    app.get('/api/v1/outputs', { config: { access: 'view', about: abouts.outputs } }, async (request, reply) => {
      demand(request, 'view', everyTenant);
      checked(nothing, request.query, 'query');
      return reply.send(await outputs.list());
    });

    app.post('/api/v1/outputs/:name/forget', { config: { access: 'operate', about: abouts.forget } }, async (request, reply) => {
      const principal = demand(request, 'operate', everyTenant);
      checked(nothing, request.query, 'query');
      checked(nothing, request.body, 'body');
      const { name } = checked(outputPath, request.params, 'path');
      const by = { actor: nameOf(principal), address: request.ip };
      return reply.send({ forgotten: await told(outputs.forget(name, by)) });
    });
  };
}

function isSeenBy(principal: Principal): (one: { readonly channel: string }) => boolean {
  return ({ channel }) => may(principal, 'view', channel.split('/')[0] ?? everyTenant);
}

function asked(request: FastifyRequest): { readonly channel: string; readonly by: Actor } {
  checked(nothing, request.query, 'query');
  const { tenant, type } = checked(channelPath, request.params, 'path');
  const principal = principalOf(request);
  if (!may(principal, 'view', tenant))
    throw new HttpError(404, 'unknown', 'there is no such channel: GET /api/v1/channels lists them');
  if (!may(principal, 'operate', tenant)) throw forbidden(principal, 'operate');
  return { channel: `${tenant}/${type}`, by: { actor: nameOf(principal), address: request.ip } };
}
