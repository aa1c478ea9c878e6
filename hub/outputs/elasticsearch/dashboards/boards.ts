/** All dashboards of an output: some for everything, and one for each log type that is known by name. */
import type { Board } from './chart.ts';
import { boardOfType, containers, logs } from './boards/logs.ts';
import { containerMetrics, machines } from './boards/machines.ts';
import { auditTrail, platformHealth } from './boards/platform.ts';
import { databases, signingIn } from './boards/services.ts';
import { haproxy, web } from './boards/web.ts';

const always: readonly Board[] = [
  logs,
  web,
  haproxy,
  containers,
  databases,
  signingIn,
  machines,
  containerMetrics,
  platformHealth,
  auditTrail,
];

export function boardsOf(types: readonly string[]): Board[] {
  return [...always, ...types.map(boardOfType)];
}
