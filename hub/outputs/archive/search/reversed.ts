/** Results of a frame for a search that goes backwards: the last record first. */
import type { FrameResult } from './search-contract.ts';

export function reversed(result: FrameResult): FrameResult {
  const { times, ends, bytes } = result;
  const count = ends.length;
  const turned = { times: new Float64Array(count), ends: new Uint32Array(count), bytes: new Uint8Array(bytes.length) };
  let at = 0;
  for (let index = count - 1; index >= 0; index -= 1) {
    const part = bytes.subarray(index === 0 ? 0 : (ends[index - 1] ?? 0), ends[index]);
    turned.bytes.set(part, at);
    at += part.length;
    turned.times[count - 1 - index] = times[index] ?? 0;
    turned.ends[count - 1 - index] = at;
  }
  return { ...result, ...turned };
}
