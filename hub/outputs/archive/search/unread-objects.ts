import type { ArchiveObject } from '../../../queue/queue.ts';

interface Unread {
  readonly object: ArchiveObject;
  readonly message: string;
  /** Of the first frame that could not be read; the message is about it. */
  readonly firstIndex: number;
  readonly frames: number;
}

/** What of a search's objects could not be read: a missing one is one mishap, however many frames it had. */
export class UnreadObjects {
  readonly #byName = new Map<string, Unread>();

  get count(): number {
    return this.#byName.size;
  }

  add(object: ArchiveObject, index: number, message: string): void {
    const known = this.#byName.get(object.name);
    const frames = (known?.frames ?? 0) + 1;
    const first = known !== undefined && known.firstIndex < index ? known : { firstIndex: index, message };
    this.#byName.set(object.name, { object, frames, message: first.message, firstIndex: first.firstIndex });
  }

  /** One sentence an object, by name. */
  texts(): string[] {
    const unread = [...this.#byName.values()].toSorted((a, b) => (a.object.name < b.object.name ? -1 : 1));
    return unread.map(({ object, frames, message, firstIndex }) => {
      const total = object.frames.length;
      const part = frames === total ? '' : `frame ${firstIndex + 1}: `;
      const others = frames === total ? '' : ` (${frames} of its ${total} frames could not be read, the others were searched)`;
      return `${object.name}: ${part}${message}${others}`;
    });
  }
}
