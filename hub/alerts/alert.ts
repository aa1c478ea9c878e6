/** What alerts are made of: a cause at a node of the tree of health. */
import { createHash } from 'node:crypto';
import type { NodeKind } from '../dashboard/api/health-shapes.ts';
import type { HealthTree } from '../health/model/health-model.ts';
import type { NodeId } from '../health/model/node-ids.ts';
import type { Owners } from '../health/model/tree.ts';
import type { ReceiverOptions } from '../config/alert-options.ts';

/** One trouble: told apart by node, kind of finding and subject. */
export interface Alert {
  readonly node: NodeId;
  readonly nodeKind: NodeKind;
  readonly name: string;
  readonly owners: Owners;
  readonly kind: string;
  readonly subject: string;
  readonly level: 'yellow' | 'red';
  readonly reason: string;
  readonly sinceMs: number;
}

export type AlertChange = 'raised' | 'worse' | 'better' | 'resolved' | 'lasts';

export interface AlertItem extends Omit<Alert, 'subject'> {
  /** The same in each message on this trouble, and when it comes again. */
  readonly key: string;
  readonly change: AlertChange;
}

/** What a receiver is sent; sent again it has the same id. */
export interface AlertMessage {
  readonly id: string;
  readonly site: string;
  readonly siteId: string;
  readonly atMs: number;
  readonly isTest: boolean;
  /** The first of them, the gravest first. */
  readonly items: readonly AlertItem[];
  /** Of all, also of those that are not listed. */
  readonly counts: Readonly<Record<AlertChange, number>>;
  /** All that it was told of and that stands now. */
  readonly standing: { readonly red: number; readonly yellow: number };
}

export function keyOf({ node, kind, subject }: Pick<Alert, 'node' | 'kind' | 'subject'>): string {
  return `${node}\n${kind}\n${subject}`;
}

const shownDigits = 32;

/** For receivers: of a bounded length, and nothing that it is made of is to be understood from it. */
export function shownKeyOf(alert: Parameters<typeof keyOf>[0]): string {
  return createHash('sha256').update(keyOf(alert)).digest('hex').slice(0, shownDigits);
}

/** What is wrong now. What is unknown becomes red, or is nothing. */
export function alertsOf(tree: HealthTree): Alert[] {
  const alerts: Alert[] = [];
  for (const { id, kind: nodeKind, name, owners, causes } of tree.values()) {
    for (const { kind, subject, level, reason, sinceMs } of causes) {
      if (level !== 'unknown') alerts.push({ node: id, nodeKind, name, owners, kind, subject, level, reason, sinceMs });
    }
  }
  return alerts;
}

export function isRouted({ level, owners, nodeKind, kind }: Alert, routes: ReceiverOptions['routes']): boolean {
  return routes.some(
    (route) =>
      (route.level === 'yellow' || level === 'red') &&
      (route.tenants === undefined || (owners !== 'site' && owners.some((owner) => route.tenants?.includes(owner) === true))) &&
      route.nodes?.includes(nodeKind) !== false &&
      route.findings?.includes(kind) !== false,
  );
}

/** The gravest first, then the oldest. */
export function byGravity(one: Pick<Alert, 'level' | 'sinceMs'>, other: Pick<Alert, 'level' | 'sinceMs'>): number {
  return one.level.localeCompare(other.level) || one.sinceMs - other.sinceMs;
}
