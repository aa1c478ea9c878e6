/** Series over time, of an agent and of the site, and what happened to an agent. What belongs to others is as good as not there. */
import * as z from 'zod';
import { everyTenant, may } from '../../../access/access.ts';
import { agentEventsAnswer, chartsAnswer, type ChartsAnswer } from '../../../dashboard/api/agent-shapes.ts';
import { chartPoints, chartPointsMax, chartRangeMsMax, eventsPerAgent, eventsPerAnswer } from '../../../measurements/limits.ts';
import type { Chart } from '../../../measurements/charts/charts.ts';
import type { Measurements } from '../../../measurements/measurements.ts';
import { agentSeries, isSeriesName, seriesNames } from '../../../measurements/series.ts';
import { tenantOfSeries, unitOfSiteSeries } from '../../../measurements/site-series.ts';
import { type ApiRoutes, principalOf } from '../api-routes.ts';
import { checked } from '../checked.ts';
import { HttpError } from '../http-error.ts';
import { listPage, listPageQuery, newestFirst } from '../list-page.ts';
import { moment, momentOf } from '../moment.ts';
import { type AgentRouteParts, agentPath, demandAgent } from './agent-routes.ts';

export interface ChartRouteParts {
  readonly agents: AgentRouteParts['agents'];
  readonly measurements: Pick<Measurements, 'chart' | 'events'>;
  readonly clock: { now(): number };
}

const hourMs = 3_600_000;
const range = {
  from: moment.optional(),
  to: moment.optional(),
  points: z.coerce.number().int().min(1).max(chartPointsMax).default(chartPoints),
};
const names = z
  .string()
  .max(10_000)
  .transform((text) => text.split(','))
  .optional();
const agentQuery = z.strictObject({ ...range, series: names.pipe(z.array(z.enum(seriesNames)).optional()) });
const siteQuery = z.strictObject({ ...range, series: names });
const eventsQuery = z.strictObject({
  ...listPageQuery,
  limit: z.coerce.number().int().min(1).max(eventsPerAgent).default(eventsPerAnswer),
});

export function chartRoutes({ agents, measurements, clock }: ChartRouteParts): ApiRoutes {
  return (app) => {
    const ofAgent = { summary: 'Series of an agent and its machine', path: agentPath, query: agentQuery, answer: chartsAnswer };
    app.get('/api/v1/agents/:id/charts', { config: { access: 'view', about: ofAgent } }, async (request, reply) => {
      const query = checked(agentQuery, request.query, 'query');
      const { agentId } = demandAgent(agents, request);
      const wanted = new Set<string>(query.series ?? seriesNames);
      const chart = await measurements.chart({ ...rangeOf(query, clock.now()), isWanted: (name) => wanted.has(name) }, agentId);
      return reply.send(answerOf(chart, (name) => (isSeriesName(name) ? agentSeries[name] : 'count')));
    });

    const events = {
      summary: 'What happened to an agent, the newest first',
      path: agentPath,
      query: eventsQuery,
      answer: agentEventsAnswer,
    };
    app.get('/api/v1/agents/:id/events', { config: { access: 'view', about: events } }, async (request, reply) => {
      const query = checked(eventsQuery, request.query, 'query');
      const { agentId } = demandAgent(agents, request);
      const found = withKeys(await measurements.events(agentId, { skip: 0, limit: eventsPerAgent }));
      const { page, next } = listPage(found, query, ({ key }) => key);
      return reply.send({ events: page.map(({ event }) => event), ...next });
    });

    const ofSite = { summary: 'Rates of the site, of channels and of outputs', query: siteQuery, answer: chartsAnswer };
    app.get('/api/v1/charts', { config: { access: 'view', about: ofSite } }, async (request, reply) => {
      const query = checked(siteQuery, request.query, 'query');
      const principal = principalOf(request);
      const wanted = query.series && new Set(query.series);
      const sees = (name: string): boolean => may(principal, 'view', tenantOfSeries(name) ?? everyTenant);
      const isWanted = (name: string): boolean => (wanted?.has(name) ?? true) && sees(name);
      const chart = await measurements.chart({ ...rangeOf(query, clock.now()), isWanted });
      return reply.send(answerOf(chart, unitOfSiteSeries));
    });
  };
}

/** Of one moment the one that was there first keeps its place. */
function withKeys<Event extends { readonly atMs: number }>(newest: readonly Event[]): { key: string; event: Event }[] {
  const before = new Map<number, number>();
  const keyed = newest.toReversed().map((event) => {
    const ordinal = before.get(event.atMs) ?? 0;
    before.set(event.atMs, ordinal + 1);
    return { key: `${newestFirst(event.atMs)}.${String(eventsPerAgent - ordinal).padStart(3, '0')}`, event };
  });
  return keyed.toReversed();
}

/** The last hour unless told. */
function rangeOf(
  { from, to, points }: { readonly from?: string | undefined; readonly to?: string | undefined; readonly points: number },
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number; readonly points: number } {
  const toMs = to === undefined ? nowMs : momentOf('to', to, nowMs);
  const fromMs = from === undefined ? toMs - hourMs : momentOf('from', from, nowMs);
  if (fromMs >= toMs) throw new HttpError(400, 'malformed', 'query: from must be before to');
  if (toMs - fromMs > chartRangeMsMax) throw new HttpError(400, 'malformed', 'query: at most 32 days are between from and to');
  return { fromMs, toMs, points };
}

function answerOf(
  { fromMs, stepMs, series }: Chart,
  unitOf: (name: string) => ChartsAnswer['series'][number]['unit'],
): ChartsAnswer {
  return { fromMs, stepMs, series: [...series].map(([name, values]) => ({ name, unit: unitOf(name), values: [...values] })) };
}
