/** Calls that wait for a server, a few at a time, in their order. */
import { readsAtOnceMax } from './limits.ts';

export async function* mapAhead<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  call: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const underWay: Promise<Result>[] = [];
  for await (const item of items) {
    const result = call(item);
    // Told when its turn comes.
    result.catch(() => undefined);
    underWay.push(result);
    if (underWay.length < readsAtOnceMax) continue;
    const [first] = underWay.splice(0, 1);
    if (first !== undefined) yield await first;
  }
  for (const result of underWay) yield await result;
}
