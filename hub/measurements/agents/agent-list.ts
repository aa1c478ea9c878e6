/** The list of agents as somebody asks for it: filtered, sorted, a part at a time. */
import type * as z from 'zod';
import type { AgentRow, AgentsAnswer, agentSort } from '../../dashboard/api/agent-shapes.ts';
import type { HealthState } from '../../dashboard/api/health-shapes.ts';
import { rankOf } from '../../health/model/states.ts';

export type AgentSort = z.output<typeof agentSort>;

export interface AgentListRequest {
  readonly filter: AgentFilter;
  readonly sort: AgentSort;
  readonly descending: boolean;
  readonly limit: number;
  /** So many are passed over. */
  readonly skip: number;
}

/** The counts are of what fits but for its state, the versions of what fits but for its version: what a person may choose instead. */
export function agentList(rows: readonly AgentRow[], { filter, sort, descending, limit, skip }: AgentListRequest): AgentsAnswer {
  const counts = { green: 0, yellow: 0, red: 0, unknown: 0 };
  for (const row of rows) if (fits(row, { ...filter, states: undefined })) counts[row.state] += 1;
  const ofVersions = rows.filter((row) => fits(row, { ...filter, version: undefined }));
  const versions = [...Map.groupBy(ofVersions, ({ version }) => version)].map(([version, { length: agents }]) => ({
    version,
    agents,
  }));
  const fitting = rows.filter((row) => fits(row, filter));
  const end = skip + limit;
  return {
    agents: sorted(fitting, sort, descending).slice(skip, end),
    total: fitting.length,
    counts,
    versions: versions.toSorted((one, other) => other.agents - one.agents),
    ...(end < fitting.length && { next: String(end) }),
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

const keys: Readonly<Record<Exclude<AgentSort, 'host' | 'version' | 'state'>, (row: AgentRow) => number | undefined>> = {
  lastSeen: (row) => row.lastSeenMs,
  rate: (row) => row.bytesPerSecond,
  lag: (row) => row.lagBytes,
  cpu: (row) => row.cpuPercent,
  memory: (row) => row.memoryPercent,
  disk: (row) => row.diskPercent,
};

/** What was not told comes last, whichever way round; of equals the names decide. */
export function sorted(rows: readonly AgentRow[], by: AgentSort, descending: boolean): AgentRow[] {
  const sign = descending ? -1 : 1;
  if (by === 'host') return rows.toSorted((one, other) => sign * byName(one, other));
  if (by === 'version') return rows.toSorted((one, other) => sign * compare(one.version, other.version) || byName(one, other));
  if (by === 'state') {
    return rows.toSorted((one, other) => sign * (rankOf(other.state) - rankOf(one.state)) || byName(one, other));
  }
  const key = keys[by];
  return rows.toSorted((one, other) => {
    const [left, right] = [key(one), key(other)];
    if (left === undefined || right === undefined)
      return Number(left === undefined) - Number(right === undefined) || byName(one, other);
    return sign * (left - right) || byName(one, other);
  });
}

function byName(one: AgentRow, other: AgentRow): number {
  return compare(one.host, other.host) || compare(one.agentId, other.agentId);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
