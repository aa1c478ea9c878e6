import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import { growth } from '../ratio.ts';
import type { ProcReader } from './proc-reader.ts';
import { Scanner } from './scanner.ts';

const colon = 58;

export interface Traffic {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

export interface Interface {
  readonly name: string;
  readonly in: Traffic;
  readonly out: Traffic;
}

/** `system.network`: sums per interface, one document each; and of all but loopback what was added. */
export class NetworkSet implements MetricSet {
  readonly name = 'network';
  readonly #reader: ProcReader;
  #before: ReadonlyMap<string, Interface> | undefined;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  measure(): readonly Metric[] {
    const interfaces = interfacesOf(this.#reader.mustRead(this.#reader.ofMachine('net/dev')));
    const metrics: Metric[] = interfaces.map((network) => ({
      dataset: 'system.network',
      metricset: 'network',
      fields: { system: { network } },
    }));
    const outer = new Map(interfaces.filter(({ name }) => name !== 'lo').map((one) => [one.name, one]));
    const before = this.#before;
    this.#before = outer;
    if (before === undefined) return metrics;
    const network = { ingress: added(before, outer, 'in'), egress: added(before, outer, 'out') };
    metrics.push({ dataset: 'system.network', metricset: 'network', fields: { host: { network } } });
    return metrics;
  }
}

/** Of a file in the form of /proc/net/dev. */
export function interfacesOf(bytes: Uint8Array): readonly Interface[] {
  const scanner = new Scanner(bytes);
  const interfaces: Interface[] = [];
  // Two lines of headings.
  scanner.line();
  scanner.line();
  while (scanner.line()) {
    const name = scanner.word(colon);
    const received = traffic(scanner);
    scanner.skip(4);
    interfaces.push({ name, in: received, out: traffic(scanner) });
  }
  return interfaces;
}

function traffic(scanner: Scanner): Traffic {
  return { bytes: scanner.number(), packets: scanner.number(), errors: scanner.number(), dropped: scanner.number() };
}

/** What all interfaces that were there before have more. */
export function added(
  before: ReadonlyMap<string, Interface>,
  now: ReadonlyMap<string, Interface>,
  direction: 'in' | 'out',
): { readonly bytes: number; readonly packets: number } {
  let bytes = 0;
  let packets = 0;
  for (const [name, one] of now) {
    const known = before.get(name);
    if (known === undefined) continue;
    bytes += growth(one[direction].bytes, known[direction].bytes);
    packets += growth(one[direction].packets, known[direction].packets);
  }
  return { bytes, packets };
}
