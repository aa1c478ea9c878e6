/**
 * Pipelines as they run, and what an edit of one would do. They are the site's: a pipeline's text may name files of the hub's machine, so none but
 * those who operate the site may have one tried.
 */
import * as z from 'zod';
import { everyTenant } from '../../../access/access.ts';
import { tenantName, typeName } from '../../../config/names.ts';
import { pipelineAnswer, pipelinesAnswer, previewAnswer } from '../../../dashboard/api/search-shapes.ts';
import { lineBytesMax, previewLinesMax, previewTextMax } from '../../../search/limits.ts';
import type { PipelinePreviews } from '../../../search/pipeline-previews.ts';
import { type ApiRoutes, demand } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { signalOf } from '../search-request.ts';
import { searchTold } from '../search-told.ts';

const path = '/api/v1/pipelines';
const typePath = z.strictObject({ type: typeName });
const ofTenant = z.strictObject({ tenant: tenantName.default('default') });
const previewBody = z.strictObject({
  tenant: tenantName.default('default'),
  text: z.string().max(previewTextMax),
  lines: z.array(z.string().max(lineBytesMax)).max(previewLinesMax).default([]),
  recent: z.int().min(0).max(previewLinesMax).default(0),
});

export function pipelineRoutes({ previews }: { readonly previews: PipelinePreviews }): ApiRoutes {
  return (app) => {
    const list = { summary: 'Pipelines that there are, and which channels have them', query: nothing, answer: pipelinesAnswer };
    app.get(path, { config: { access: 'view', about: list } }, async (request, reply) => {
      demand(request, 'view', everyTenant);
      checked(nothing, request.query, 'query');
      return reply.send(previews.list());
    });

    const one = { summary: 'The pipeline of a log type as it runs', path: typePath, query: ofTenant, answer: pipelineAnswer };
    app.get(`${path}/:type`, { config: { access: 'view', about: one } }, async (request, reply) => {
      demand(request, 'view', everyTenant);
      const { tenant } = checked(ofTenant, request.query, 'query');
      return reply.send(previews.of(checked(typePath, request.params, 'path').type, tenant));
    });

    const preview = {
      summary: 'What an edited pipeline does to lines; nothing is stored',
      path: typePath,
      query: nothing,
      body: previewBody,
      answer: previewAnswer,
    };
    app.post(`${path}/:type/preview`, { config: { access: 'operate', about: preview } }, async (request, reply) => {
      const principal = demand(request, 'operate', everyTenant);
      checked(nothing, request.query, 'query');
      const { type } = checked(typePath, request.params, 'path');
      const body = checked(previewBody, request.body, 'body');
      const by = { principal, address: request.ip };
      return reply.send(await searchTold(previews.preview({ type, ...body }, by, signalOf(reply, app.draining))));
    });
  };
}
