/**
 * A fault as a row of the matrix: how it is made, how it is repaired, and what the tree of health says of it. Nodes are named as people name
 * them, by the names that a bed gives to its hubs, agents and sites: `agent/web`, `hub/one/listener/http`, `site/branch/output/up`.
 */

export type Colour = 'yellow' | 'red' | 'unknown';

/** Where faults are made: programs that run, all of them well. */
export interface Bed extends AsyncDisposable {
  /** Reads the whole tree; undefined while nobody answers. */
  look(): Promise<Health | undefined>;
  /** What was last the matter with a look that was not answered. */
  unanswered(): string;
  /** Of ids: what people call them. */
  readonly names: ReadonlyMap<string, string>;
  /** The last that its programs said, for a fault that did not go as it should. */
  tail(): string;
}

export type Health = ReadonlyMap<string, SeenNode>;

export interface SeenNode {
  readonly id: string;
  readonly parent: string | undefined;
  readonly state: Colour | 'green';
  readonly reason: string;
  readonly causes: readonly { readonly level: string; readonly reason: string }[];
}

export interface Fault<OfBed> {
  readonly name: string;
  /** What is done, for people: one sentence without a full stop. */
  readonly what: string;
  /** What the repair is. */
  readonly mended: string;
  /** What must be so before the fault, and is none itself. */
  readonly prepare?: (bed: OfBed) => Promise<void> | void;
  readonly make: (bed: OfBed) => Promise<void> | void;
  readonly repair: (bed: OfBed) => Promise<void> | void;
  readonly node: string;
  readonly colour: Colour;
  /** What the node says: what is the matter, and what a person is to do. */
  readonly reason: RegExp;
  /**
   * What depends on it and may have a trouble of its own, too: by name of the node, where `*` stands for any text, what it says then. It is
   * never worse than the fault.
   */
  readonly also?: Readonly<Record<string, RegExp>>;
  /** What may be told while it is made or repaired where that takes its time, as the start of a program does: of any colour, and by then over. */
  readonly meanwhile?: Readonly<Record<string, RegExp>>;
  /** Why it is not made quite for real, where it is not. */
  readonly unreal?: string;
  /** Why it does not pass yet. It is run, told and counted as failed all the same. */
  readonly missing?: string;
}

/** Faults that are made one after the other in one bed. */
export interface Batch {
  readonly bed: string;
  /** What runs in it, for people. */
  readonly about: string;
  readonly faults: readonly Omit<Fault<never>, 'prepare' | 'make' | 'repair'>[];
  /** Undefined: it can be made here. */
  cannot(): Promise<string | undefined>;
  /** Makes those that are wanted, and tells each as it is over. */
  run(wanted: ReadonlySet<string>, told: (row: FaultRow) => void): Promise<void>;
}

export interface FaultRow {
  readonly name: string;
  readonly bed: string;
  readonly node: string;
  readonly colour: Colour;
  /** Until the node had its colour with the reason; undefined: never. */
  readonly secondsToColour: number | undefined;
  /** Until everything was as before; undefined: never. */
  readonly secondsBack: number | undefined;
  /** What was told besides, of what depends on it. */
  readonly also: readonly string[];
  /** What was told that is neither the fault nor depends on it. */
  readonly others: readonly string[];
  readonly reason: string;
  readonly problems: readonly string[];
  /** What took longer than it may: how long is a matter of the machine as well, so tests do not ask. */
  readonly late: readonly string[];
}
