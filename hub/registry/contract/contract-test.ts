import type { Registry } from '../registry.ts';

export interface RegistryFixture extends AsyncDisposable {
  readonly registry: Registry;
  readonly nowMs: number;
  /** The clock, moved by hand. Whatever waits for a time goes on. */
  advance(ms: number): Promise<void>;
  /** Closes the registry and opens it again; the fixture goes on with the new `registry`. */
  reopen(): Promise<void>;
}

export type OpenRegistryFixture = () => Promise<RegistryFixture>;

/** A rule of the contract in words, and how it is seen. */
export type ContractTest = readonly [name: string, body: (open: OpenRegistryFixture) => Promise<void>];
