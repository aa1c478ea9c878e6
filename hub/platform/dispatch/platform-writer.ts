/** An output that takes documents of the platform channel past its topic: what tells of the topic must not wait in it. */
export interface PlatformWriter {
  /** Whether platform events of this tenant go there at all. */
  takes(tenant: string): boolean;
  /**
   * All of them are there when it resolves. Rejects when aborted or where one is refused: some may be there then. An event that has an id of
   * the hub's (`event.id`) is there once, however often and by whichever way it comes.
   */
  write(documents: readonly string[], of: { readonly tenant: string; readonly host: string }, signal: AbortSignal): Promise<void>;
  /** What the dispatcher of this output did since the start. */
  dispatched(): DispatchCounts;
}

export interface DispatchCounts {
  readonly documents: number;
  /** No JSON objects: kept as text. */
  readonly unreadable: number;
  /** Documents by their kind; `metrics` are one. */
  readonly kinds: Readonly<Record<string, number>>;
}
