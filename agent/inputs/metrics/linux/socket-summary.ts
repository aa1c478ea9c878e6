import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import type { ProcReader } from './proc-reader.ts';
import { Scanner } from './scanner.ts';

const colon = 58;

/** `system.socket.summary`: what the kernel sums up by itself; the sockets are not gone through one by one. */
export class SocketSummarySet implements MetricSet {
  readonly name = 'socket_summary';
  readonly #reader: ProcReader;
  readonly #pageBytes: number;

  constructor(reader: ProcReader, pageBytes: number) {
    this.#reader = reader;
    this.#pageBytes = pageBytes;
  }

  measure(): readonly Metric[] {
    const four = sums(this.#reader.mustRead(this.#reader.ofMachine('net/sockstat')));
    const six = sums(this.#reader.read(this.#reader.ofMachine('net/sockstat6')));
    const timeWait = four.get('TCP tw') ?? 0;
    const tcp = (four.get('TCP inuse') ?? 0) + (six.get('TCP6 inuse') ?? 0) + timeWait;
    const udp = (four.get('UDP inuse') ?? 0) + (six.get('UDP6 inuse') ?? 0);
    const established = this.#established();
    const summary = {
      all: { count: tcp + udp },
      tcp: {
        memory: (four.get('TCP mem') ?? 0) * this.#pageBytes,
        all: {
          count: tcp,
          orphan: four.get('TCP orphan') ?? 0,
          time_wait: timeWait,
          ...(established === undefined ? {} : { established }),
        },
      },
      udp: { memory: (four.get('UDP mem') ?? 0) * this.#pageBytes, all: { count: udp } },
    };
    return [{ dataset: 'system.socket_summary', metricset: 'socket_summary', fields: { system: { socket: { summary } } } }];
  }

  /** `CurrEstab` of the line `Tcp:`, whose names are in the line before. */
  #established(): number | undefined {
    const bytes = this.#reader.read(this.#reader.ofMachine('net/snmp'));
    const lines = bytes
      ?.toString('latin1')
      .split('\n')
      .filter((line) => line.startsWith('Tcp: '));
    const [names = '', values = ''] = lines ?? [];
    const index = names.split(' ').indexOf('CurrEstab');
    const established = index === -1 ? Number.NaN : Number.parseInt(values.split(' ')[index] ?? '', 10);
    return Number.isNaN(established) ? undefined : established;
  }
}

/** Lines such as `TCP: inuse 5 orphan 0`, as `TCP inuse` → 5. */
function sums(bytes: Uint8Array | undefined): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const scanner = new Scanner(bytes ?? Buffer.alloc(0));
  while (scanner.line()) {
    const protocol = scanner.word(colon);
    for (let key = scanner.word(); key !== ''; key = scanner.word()) found.set(`${protocol} ${key}`, scanner.number());
  }
  return found;
}
