/**
 * The network between the Redis processes of a site and those who use them: a proxy in front of each port, whose address is what the process
 * announces. Each process comes from an address of its own (127.77.0.n), so that a proxy knows who connects: one process can be cut off from
 * everybody, or only from its own kind. A master that still hears hubs but none of its replicas is the hard case.
 */
import { RedisProxy, type Treatment } from './redis-proxy.ts';

export interface Cut {
  readonly from: 'everybody' | 'its own kind';
  readonly how: Exclude<Treatment, 'open'>;
}

export class RedisPlace {
  /** Where connections of the process come from. */
  readonly source: string;
  readonly door: RedisProxy;
  /** Of a node of a Cluster. */
  readonly busDoor: RedisProxy;

  constructor(source: string, doors: { readonly door: RedisProxy; readonly busDoor: RedisProxy }) {
    this.source = source;
    this.door = doors.door;
    this.busDoor = doors.busDoor;
  }

  get doors(): readonly RedisProxy[] {
    return [this.door, this.busDoor];
  }
}

/** As an option of a server, where there is a network. */
export async function placeIn(network: RedisNetwork | undefined): Promise<{ readonly place?: RedisPlace }> {
  return network === undefined ? {} : { place: await network.place() };
}

const host = '127.0.0.1';
const nowhere = { host, port: 1 };

export class RedisNetwork implements AsyncDisposable {
  readonly #places: RedisPlace[] = [];
  #count = 0;
  #cutOff: { readonly place: RedisPlace; readonly cut: Cut } | undefined;

  /** For a process that is still to be started, and says where it listens then. */
  async place(): Promise<RedisPlace> {
    this.#count += 1;
    const source = `127.77.0.${this.#count}`;
    const place = new RedisPlace(source, { door: await RedisProxy.start(nowhere), busDoor: await RedisProxy.start(nowhere) });
    this.#places.push(place);
    return place;
  }

  /** One at a time, until `heal`. */
  cut(place: RedisPlace, cut: Cut): void {
    if (this.#cutOff !== undefined) throw new Error('one is cut off already');
    this.#cutOff = { place, cut };
    this.#treat();
  }

  /** What was held back arrives late, or its connections turn out to be dead. */
  heal(heldBack: 'late' | 'never'): void {
    if (heldBack === 'never') {
      for (const place of this.#places)
        for (const door of place.doors) door.cut((from) => this.#treatmentOf(from, place) !== 'open');
    }
    this.#cutOff = undefined;
    this.#treat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#places.flatMap(({ doors }) => doors.map((door) => door[Symbol.asyncDispose]())));
  }

  #treat(): void {
    for (const place of this.#places) for (const door of place.doors) door.treat((from) => this.#treatmentOf(from, place));
  }

  #treatmentOf(from: string, to: RedisPlace): Treatment {
    if (this.#cutOff === undefined) return 'open';
    const { place, cut } = this.#cutOff;
    const isOwnKind = this.#places.some(({ source }) => source === from);
    const isConcerned = to === place ? cut.from === 'everybody' || isOwnKind : from === place.source;
    return isConcerned ? cut.how : 'open';
  }
}
