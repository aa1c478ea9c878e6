/**
 * Documents that destinations refused, and entries that were set aside. What belongs to a tenant that the one who asks may not look at is as
 * good as not there: who may not look at all of them names one.
 */
import * as z from 'zod';
import type { FastifyRequest } from 'fastify';
import { type Action, everyTenant, nameOf } from '../../../access/access.ts';
import type { Actor } from '../../../channels/channel-operations.ts';
import type { DeadLetterOperations } from '../../../dead-letters/dead-letter-operations.ts';
import {
  dropEntriesRequest,
  dropRequest,
  listRequest,
  replayEntriesRequest,
  replayRequest,
  showRequest,
} from '../../../dead-letters/requests.ts';
import { type ApiRoutes, demand } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { listOf } from '../described.ts';
import { jobAnswer, lettersAnswer } from '../operation-shapes.ts';
import { told } from './operations-told.ts';

const entriesDone = z.object({ done: z.int(), stayed: z.array(z.looseObject({})) });
const abouts = {
  list: { summary: 'Kinds of dead letters, and entries that were set aside', query: listRequest, answer: lettersAnswer },
  show: { summary: 'Dead letters with their content', query: nothing, body: showRequest, answer: listOf('letters') },
  replay: { summary: 'Send dead letters again', query: nothing, body: replayRequest, answer: jobAnswer },
  drop: { summary: 'Drop dead letters', query: nothing, body: dropRequest, answer: jobAnswer },
  stop: { summary: 'Stop what is being done with dead letters', query: nothing, body: nothing, answer: jobAnswer },
  replayEntries: {
    summary: 'Process entries again that were set aside',
    query: nothing,
    body: replayEntriesRequest,
    answer: entriesDone,
  },
  dropEntries: { summary: 'Drop entries that were set aside', query: nothing, body: dropEntriesRequest, answer: entriesDone },
};

export interface DeadLetterRouteParts {
  readonly deadLetters: Pick<
    DeadLetterOperations,
    'list' | 'show' | 'replay' | 'drop' | 'stop' | 'replayEntries' | 'dropEntries' | 'job'
  >;
}

const path = '/api/v1/dead-letters';

export function deadLetterRoutes({ deadLetters }: DeadLetterRouteParts): ApiRoutes {
  return (app) => {
    app.get(path, { config: { access: 'view', about: abouts.list } }, async (request, reply) => {
      const filter = checked(listRequest, request.query, 'query');
      demand(request, 'view', filter.tenant ?? everyTenant);
      const { job, ...list } = await told(deadLetters.list(filter));
      // What runs may be about others.
      const isOwn = filter.tenant === undefined || job?.filter.tenant === filter.tenant;
      return reply.send({ ...list, ...(isOwn && { job }) });
    });

    // A question with a body: what is asked for is content, and goes into no access log.
    app.post(`${path}/show`, { config: { access: 'view', about: abouts.show } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const wanted = checked(showRequest, request.body, 'body');
      return reply.send({ letters: await told(deadLetters.show(wanted, by(request, 'view', wanted))) });
    });

    app.post(`${path}/replay`, { config: { access: 'operate', about: abouts.replay } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const filter = checked(replayRequest, request.body, 'body');
      return reply.send({ job: await told(deadLetters.replay(filter, by(request, 'operate', filter))) });
    });

    app.post(`${path}/drop`, { config: { access: 'operate', about: abouts.drop } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const wanted = checked(dropRequest, request.body, 'body');
      return reply.send({ job: await told(deadLetters.drop(wanted, by(request, 'operate', wanted))) });
    });

    app.post(`${path}/stop`, { config: { access: 'operate', about: abouts.stop } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      checked(nothing, request.body, 'body');
      return reply.send({ job: await told(deadLetters.stop(by(request, 'operate', deadLetters.job?.filter ?? {}))) });
    });

    app.post(`${path}/entries/replay`, { config: { access: 'operate', about: abouts.replayEntries } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const wanted = checked(replayEntriesRequest, request.body, 'body');
      return reply.send(await told(deadLetters.replayEntries(wanted, by(request, 'operate', wanted))));
    });

    app.post(`${path}/entries/drop`, { config: { access: 'operate', about: abouts.dropEntries } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const wanted = checked(dropEntriesRequest, request.body, 'body');
      return reply.send(await told(deadLetters.dropEntries(wanted, by(request, 'operate', wanted))));
    });
  };
}

/** Throws 403 unless it may be done to the tenant that is named, or to all where none is. */
function by(request: FastifyRequest, action: Action, { tenant = everyTenant }: { readonly tenant?: string | undefined }): Actor {
  return { actor: nameOf(demand(request, action, tenant)), address: request.ip };
}
