/**
 * Looks up names, each once at a time. A lookup cannot be given up, and takes one of the few threads that Node has for them until the
 * system's resolver gives it up itself, half a minute later maybe. If every try to connect began one, those of names that nobody answers
 * for would pile up in front of the name of the hub that works.
 */
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';

/** As `net.connect` wants it. */
export type Lookup = (
  hostname: string,
  options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void;

type Told = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** `ask` tells all addresses of a name. */
export function sharedLookup(ask: (hostname: string, options: LookupOptions, told: Told) => void): Lookup {
  const waiting = new Map<string, Told[]>();
  return (hostname, options, callback) => {
    const told: Told = (error, addresses) => {
      const [first] = addresses;
      if (error !== null || options.all === true || first === undefined) callback(error, addresses);
      else callback(null, first.address, first.family);
    };
    const key = JSON.stringify([hostname, options.family, options.hints]);
    const others = waiting.get(key);
    if (others !== undefined) {
      others.push(told);
      return;
    }
    const all = [told];
    waiting.set(key, all);
    ask(hostname, options, (error, addresses) => {
      waiting.delete(key);
      for (const one of all) one(error, addresses);
    });
  };
}

/** Of all connections to hubs. */
export const lookUp = sharedLookup((hostname, options, told) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => told(error, addresses ?? []));
});
