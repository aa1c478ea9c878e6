/** What looks at the hub while it runs: what a person ought to know, and how much comes and goes. */
import { watchHeldBack } from '../health/held-back.ts';
import { watchClones } from '../intake/clone-findings.ts';
import { Measurements } from '../measurements/measurements.ts';
import type { HubOptions } from '../options.ts';
import { watchServices } from '../services/open-services.ts';
import { Rates } from '../status/rates.ts';
import { watchStore } from '../store/watch-store.ts';
import type { Downstream } from './downstream.ts';
import type { Entrance } from './entrance.ts';
import type { Foundation } from './foundation.ts';
import type { HubFrame } from './hub-frame.ts';

const sampleMs = 1000;

/** Of who comes in, of the store, and of what stands open: as soon as the foundation is there. */
export function watchFoundation(frame: HubFrame, { store, registry, telling }: Foundation): void {
  const { options, logger } = frame.parts;
  const { clock } = frame;
  const { queue } = store;
  const { findings, events } = telling;
  frame.run('watch of what is held back', (signal) => watchHeldBack({ queue, findings, clock }, signal));
  frame.run('watch of clones', (signal) => watchClones({ registry, findings, clock }, signal));
  frame.run('watch of the store', (signal) => watchStore({ store, findings, events, logger, clock }, signal));
  frame.run('watch of services', (signal) => watchServices({ services: options.services, findings, clock }, signal));
}

export interface LookoutParts {
  readonly foundation: Foundation;
  readonly downstream: Downstream;
  readonly entrance: Entrance;
  /** As the configuration has it now. */
  readonly options: () => HubOptions;
}

export class Lookout {
  readonly rates = { received: new Rates(), archived: new Rates() };
  readonly measurements: Measurements;
  readonly #frame: HubFrame;
  readonly #parts: LookoutParts;

  constructor(frame: HubFrame, parts: LookoutParts) {
    this.#frame = frame;
    this.#parts = parts;
    const { clock } = frame;
    const { logger } = frame.parts;
    const { store } = parts.foundation;
    const kept = frame.use('kept measurements', store.openMeasurements());
    const bytesMax = (): number => parts.options().measurements.max_bytes;
    this.measurements = new Measurements({ store, kept, bytesMax, clock, logger });
  }

  start(): void {
    this.#frame.run('measurements', (signal) => this.measurements.run(signal));
    this.#sample();
    const timer = setInterval(() => this.#sample(), sampleMs);
    this.#frame.atStop('samples', () => clearInterval(timer));
  }

  #sample(): void {
    const { foundation, downstream, entrance } = this.#parts;
    const { cluster, queue } = foundation.store;
    const { connections, counters } = entrance.intake.status();
    const { records, bytes } = counters;
    cluster.tell({ connections: connections.length, leases: queue.leasesHeld });
    const nowMs = this.#frame.clock.monotonic();
    this.rates.received.sample(nowMs, { records, bytes });
    const { records: archived = 0, rawBytes = 0 } = downstream.outputs.archive?.archive.sums ?? {};
    this.rates.archived.sample(nowMs, { records: archived, bytes: rawBytes });
  }
}
