/**
 * The list of agents as somebody asks for it: filtered, sorted, a part at a time. Where to go on is told by what the last one was sorted by, so that who comes
 * and goes in between moves nobody. By `host` each that is there all the time comes exactly once; by what changes, one may have moved meanwhile.
 */
import * as z from 'zod';
import type { AgentRow, AgentsAnswer, agentSort } from '../../dashboard/api/agent-shapes.ts';
import type { HealthState } from '../../dashboard/api/health-shapes.ts';
import { rankOf } from '../../health/model/states.ts';

export type AgentSort = z.output<typeof agentSort>;

export interface AgentListRequest {
  readonly filter: AgentFilter;
  readonly sort: AgentSort;
  readonly descending: boolean;
  readonly limit: number;
  /** `next` of the answer before. */
  readonly after: string | undefined;
}

/** The counts are of what fits but for its state, the versions of what fits but for its version: what a person may choose instead. Undefined where `after` is of no answer. */
export function agentList(rows: readonly AgentRow[], request: AgentListRequest): AgentsAnswer | undefined {
  const { filter, sort, descending, limit } = request;
  const after = request.after === undefined ? undefined : placeOfText(request.after);
  if (request.after !== undefined && after === undefined) return undefined;
  const counts = { green: 0, yellow: 0, red: 0, unknown: 0 };
  for (const row of rows) if (fits(row, { ...filter, states: undefined })) counts[row.state] += 1;
  const ofVersions = rows.filter((row) => fits(row, { ...filter, version: undefined }));
  const versions = [...Map.groupBy(ofVersions, ({ version }) => version)].map(([version, { length: agents }]) => ({
    version,
    agents,
  }));
  const fitting = rows.filter((row) => fits(row, filter));
  const order = orderOf(sort, descending);
  const placed = fitting.map((row) => ({ row, place: placeOf(row, sort) }));
  const rest = placed.filter(({ place }) => after === undefined || order(place, after) > 0);
  const part = rest.toSorted((one, other) => order(one.place, other.place)).slice(0, limit);
  const last = part.at(-1);
  return {
    agents: part.map(({ row }) => row),
    total: fitting.length,
    counts,
    versions: versions.toSorted((one, other) => other.agents - one.agents),
    ...(last !== undefined && part.length < rest.length && { next: textOfPlace(last.place) }),
  };
}

export interface AgentFilter {
  readonly states: ReadonlySet<HealthState> | undefined;
  readonly kind: AgentRow['kind'];
  /** `*`: of all sites; undefined: of this one. */
  readonly site: string | undefined;
  readonly label: readonly [name: string, value: string] | undefined;
  readonly tenant: string | undefined;
  readonly version: string | undefined;
  /** Anywhere in its names and labels, whatever the case. */
  readonly text: string;
}

export function fits(row: AgentRow, filter: AgentFilter): boolean {
  const { states, kind, site, label, tenant, version, text } = filter;
  if (row.kind !== kind || (states !== undefined && !states.has(row.state))) return false;
  // Hubs of lower sites are of these sites.
  if (site !== '*' && kind === 'agent' && row.site !== site) return false;
  if (label !== undefined && row.labels[label[0]] !== label[1]) return false;
  if (tenant !== undefined && row.tenants !== 'all' && !row.tenants.includes(tenant)) return false;
  if (version !== undefined && row.version !== version) return false;
  if (text === '') return true;
  const told = [row.host, row.agentId, row.version, ...Object.entries(row.labels).map((pair) => pair.join(':'))];
  return told.some((one) => one.toLowerCase().includes(text));
}

/** Of what agents are sorted by; null where it was not told. */
const place = z.tuple([z.union([z.number(), z.string(), z.null()]), z.string(), z.string()]);
type Place = readonly [value: number | string | null, host: string, agentId: string];

const valueOf: Readonly<Record<AgentSort, (row: AgentRow) => number | string | undefined>> = {
  // The worst first.
  state: (row) => -rankOf(row.state),
  host: (row) => row.host,
  version: (row) => row.version,
  lastSeen: (row) => row.lastSeenMs,
  rate: (row) => row.bytesPerSecond,
  lag: (row) => row.lagBytes,
  cpu: (row) => row.cpuPercent,
  memory: (row) => row.memoryPercent,
  disk: (row) => row.diskPercent,
};

function placeOf(row: AgentRow, by: AgentSort): Place {
  return [valueOf[by](row) ?? null, row.host, row.agentId];
}

/** What was not told comes last, whichever way round; of equals the names decide. */
function orderOf(by: AgentSort, descending: boolean): (one: Place, other: Place) => number {
  const sign = descending ? -1 : 1;
  const nameSign = by === 'host' ? sign : 1;
  return ([left, ...leftName], [right, ...rightName]) => {
    const names = compare(leftName[0], rightName[0]) || compare(leftName[1], rightName[1]);
    if (left === null || right === null) return Number(left === null) - Number(right === null) || names;
    return sign * compare(left, right) || nameSign * names;
  };
}

function compare(one: number | string, other: number | string): number {
  return one < other ? -1 : Number(one > other);
}

function textOfPlace(last: Place): string {
  return Buffer.from(JSON.stringify(last)).toString('base64url');
}

function placeOfText(text: string): Place | undefined {
  try {
    return place.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return undefined;
  }
}
