/**
 * The health of everything, as of the last look. A node has the worst of its own causes and of what is below it:
 *
 *     green ── a cause comes ──► yellow, red or unknown, at once
 *     yellow, red, unknown ── the last of the worst has been gone for `heldMs` ──► better
 *
 * so that what comes and goes within that time is one trouble and not many. Since when a node has its state is kept as long as it has it,
 * however its causes change meanwhile.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { HealthCause, HealthChange, HealthState } from '../../dashboard/api/health-shapes.ts';
import type { HealthFacts } from './facts.ts';
import { changesKeptMax, heldMs, sameChangeMs } from './limits.ts';
import { type Colour, coloursOf, green } from './colours.ts';
import { lowerSiteCauses } from './lower-causes.ts';
import { innerNode, isInner, type NodeId, siteNode } from './node-ids.ts';
import { isOfLowerSite, nodesOf } from './places.ts';
import { byGravity, isWorse, worstOf } from './states.ts';
import { channelsOf, type Owners, type TreeNode, Trees } from './tree.ts';

export interface ModelNode extends TreeNode {
  readonly own: HealthState;
  readonly state: HealthState;
  readonly reason: string;
  readonly sinceMs: number;
  /** Of its own, the worst first. */
  readonly causes: readonly ModelCause[];
}

export interface ModelChange extends HealthChange {
  readonly owners: Owners;
}

/** Told apart by kind and subject: its reason may change while it lasts. */
export interface ModelCause extends HealthCause {
  readonly subject: string;
}

/** All nodes, a parent before its children. */
export type HealthTree = ReadonlyMap<NodeId, ModelNode>;

export interface HealthModelParts {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly hubId: Id;
}

interface Held {
  readonly cause: ModelCause;
  /** Undefined while it is there. */
  readonly goneMs: number | undefined;
}

type Causes = Map<string, Held>;

/** Whether somebody knows of a cause. */
export type AcknowledgedBy = (node: NodeId, cause: ModelCause) => HealthCause['acknowledged'];

export class HealthModel {
  readonly #parts: HealthModelParts;
  readonly #causes = new Map<NodeId, Causes>();
  readonly #listeners = new Set<(changes: readonly ModelChange[]) => void>();
  readonly #trees = new Trees();
  #changes: readonly ModelChange[] = [];
  /** Without colours, as the tree with them was made of it. */
  #bare: TreeNodes = new Map();
  #tree: HealthTree = new Map();
  /** Of what is not green. */
  #colours: ReadonlyMap<NodeId, Colour> = new Map();
  #atMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #changesTold = 0;
  #acknowledgedBy: AcknowledgedBy = () => undefined;

  constructor(parts: HealthModelParts) {
    this.#parts = parts;
  }

  get tree(): HealthTree {
    return this.#tree;
  }

  /** When it was looked last. */
  get atMs(): number {
    return this.#atMs;
  }

  /** The same by the monotonic clock. */
  get lookedMs(): number {
    return this.#lookedMs;
  }

  /** The newest first. */
  get changes(): readonly ModelChange[] {
    return this.#changes;
  }

  /** From now on causes say who knows of them. */
  acknowledgeBy(acknowledgedBy: AcknowledgedBy): void {
    this.#acknowledgedBy = acknowledgedBy;
  }

  /** Told what changed with each look. Returns its own removal. */
  onChanged(listener: (changes: readonly ModelChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  refresh(facts: HealthFacts): void {
    this.#atMs = this.#parts.clock.now();
    this.#lookedMs = this.#parts.clock.monotonic();
    const bare = this.#trees.of(facts);
    this.#takeCauses(causesOf(facts, bare, this.#atMs));
    const before = this.#tree;
    this.#tree = this.#coloured(bare);
    if (this.#tree !== before) this.#tellChanges(before);
  }

  /** What changed in a site below: also what it tells only now, as its link was cut. What is known already is told once. */
  addChanges(siteId: Id, told: readonly HealthChange[]): void {
    const isKnown = (one: HealthChange): boolean =>
      this.#changes.some(
        ({ id, node, to, atMs }) =>
          id === one.id || (node === one.node && to === one.to && Math.abs(atMs - one.atMs) < sameChangeMs),
      );
    const changes = told
      .map((change) => ({ ...change, node: innerNode(siteId, change.node), owners: 'site' as const }))
      .filter((change) => isInner(change.node) && !isKnown(change));
    this.#keep(changes.toReversed());
  }

  /** What is there now, and what was until a moment ago. */
  #takeCauses(now: ReadonlyMap<NodeId, readonly ModelCause[]>): void {
    const nowMs = this.#parts.clock.monotonic();
    for (const [node, held] of this.#causes) {
      for (const [key, { cause, goneMs = nowMs }] of held) {
        if (nowMs - goneMs >= heldMs || wasHeld(node, cause)) held.delete(key);
        else held.set(key, { cause, goneMs });
      }
      if (held.size === 0) this.#causes.delete(node);
    }
    for (const [node, causes] of now) {
      const held = this.#causes.getOrInsertComputed(node, () => new Map());
      for (const cause of causes) held.set(keyOf(cause), { cause, goneMs: undefined });
    }
  }

  /** Looks at what has changed only, which is hardly anything of very many nodes. */
  #coloured(bare: TreeNodes): HealthTree {
    const own = new Map([...this.#causes.keys()].map((node) => [node, this.#causesAt(node)]));
    const colours = coloursOf(bare, own);
    const isAsBefore = bare === this.#bare;
    const candidates = isAsBefore ? new Set([...this.#colours.keys(), ...colours.keys()]) : bare.keys();
    this.#bare = bare;
    this.#colours = colours;
    const tree = new Map<NodeId, ModelNode>();
    for (const id of candidates) {
      const node = bare.get(id);
      if (node !== undefined) tree.set(id, this.#nodeOf(node, colours.get(id) ?? green, own.get(id) ?? none));
    }
    if (!isAsBefore) return tree;
    const changed = [...tree].filter(([id, node]) => node !== this.#tree.get(id));
    if (changed.length === 0) return this.#tree;
    const next = new Map(this.#tree);
    for (const [id, node] of changed) next.set(id, node);
    return next;
  }

  #nodeOf(node: TreeNode, colour: ShownColour, causes: readonly ModelCause[]): ModelNode {
    const { state, reason } = colour;
    const known = this.#tree.get(node.id);
    const isAsBefore = known?.state === state && known.reason === reason && isSame(known, node);
    if (isAsBefore && causes === none && known.causes === none) return known;
    const sinceMs = known?.state === state ? known.sinceMs : this.#sinceOf(causes, colour, known);
    return { ...node, state, reason, sinceMs, causes, own: worstOf(causes.map(({ level }) => level)) };
  }

  /** A trouble that is told as an older one has coloured its node for as long; unless it was there already, and the node had another colour. */
  #sinceOf(
    causes: readonly ModelCause[],
    { state, sinceMs: belowMs = this.#atMs }: ShownColour,
    known: ModelNode | undefined,
  ): number {
    const isOwn = causes.some(({ level }) => level === state);
    // What is below has just been found, but has been there for longer, as over a start of the hub.
    if (!isOwn) return known === undefined || known.state === 'green' ? Math.min(this.#atMs, belowMs) : this.#atMs;
    const before = new Set(known?.causes.map(keyOf));
    const since = causes.filter((cause) => cause.level === state && !before.has(keyOf(cause))).map(({ sinceMs }) => sinceMs);
    return Math.min(this.#atMs, ...since);
  }

  #causesAt(node: NodeId): readonly ModelCause[] {
    const held = this.#causes.get(node);
    if (held === undefined) return none;
    return [...held.values()].map(({ cause }) => this.#shown(node, cause)).toSorted(byGravity);
  }

  #shown(node: NodeId, cause: ModelCause): ModelCause {
    const acknowledged = this.#acknowledgedBy(node, cause);
    return acknowledged === undefined ? cause : { ...cause, acknowledged };
  }

  #tellChanges(before: HealthTree): void {
    const changes: ModelChange[] = [];
    for (const node of this.#tree.values()) {
      if (isInner(node.id)) continue;
      const from = before.get(node.id)?.state ?? 'green';
      if (from !== node.state) changes.push(this.#changeOf(node, from, { to: node.state, reason: node.reason }));
    }
    for (const node of before.values()) {
      if (this.#tree.has(node.id) || node.state === 'green' || isInner(node.id)) continue;
      changes.push(this.#changeOf(node, node.state, { to: 'green', reason: 'it is not part of this site any more' }));
    }
    this.#keep(changes);
  }

  #keep(changes: readonly ModelChange[]): void {
    if (changes.length === 0) return;
    const all = [...changes.toReversed(), ...this.#changes].toSorted((one, other) => other.atMs - one.atMs);
    this.#changes = all.slice(0, changesKeptMax);
    for (const listener of this.#listeners) listener(changes);
  }

  #changeOf(
    { id: node, name, owners }: TreeNode,
    from: HealthState,
    { to, reason }: { readonly to: HealthState; readonly reason: string },
  ): ModelChange {
    this.#changesTold += 1;
    const id = `${this.#parts.hubId.slice(0, 8)}-${this.#atMs}-${this.#changesTold}`;
    return { id, node, name, from, to, reason, atMs: this.#atMs, owners };
  }
}

const none: readonly ModelCause[] = [];

type ShownColour = Pick<Colour, 'state' | 'reason'> & Partial<Pick<Colour, 'sinceMs'>>;

function isSame(known: TreeNode, { kind, name, parent, owners }: TreeNode): boolean {
  return known.kind === kind && known.name === name && known.parent === parent && known.owners === owners;
}

/** A site below held what it told already; what this one says of it, it did not. */
function wasHeld(node: NodeId, { kind }: ModelCause): boolean {
  return node.startsWith('site/') && !isOfLowerSite(kind);
}

type TreeNodes = ReadonlyMap<NodeId, TreeNode>;

function causesOf(facts: HealthFacts, tree: TreeNodes, atMs: number): ReadonlyMap<NodeId, readonly ModelCause[]> {
  const causes = new Map<NodeId, Map<string, ModelCause>>();
  const add = (node: NodeId, cause: ModelCause): void => {
    const ofNode = causes.getOrInsertComputed(node, () => new Map());
    const key = keyOf(cause);
    const other = ofNode.get(key);
    ofNode.set(key, other === undefined ? cause : graver(other, cause));
  };
  const channels = [...channelsOf(facts.queue)];
  const has = (node: NodeId): boolean => tree.has(node);
  for (const { kind, subject, level, reason, sinceMs, hubId } of facts.findings) {
    for (const node of nodesOf(kind, { subject, hubId, channels }, has)) add(node, { kind, subject, level, reason, sinceMs });
  }
  for (const { node, kind, subject, reason, sinceMs } of facts.unknown) {
    add(has(node) ? node : siteNode, { kind, subject, level: 'unknown', reason, sinceMs });
  }
  for (const site of facts.sites) {
    for (const [node, cause] of lowerSiteCauses(site, atMs)) if (has(node)) add(node, cause);
  }
  return new Map([...causes].map(([node, ofNode]) => [node, [...ofNode.values()]]));
}

function keyOf({ kind, subject }: ModelCause): string {
  return `${kind} ${subject}`;
}

/** Hubs of a site may tell the same: the worse holds, and the longer. */
function graver(one: ModelCause, other: ModelCause): ModelCause {
  const worse = isWorse(other.level, one.level) ? other : one;
  return { ...worse, sinceMs: Math.min(one.sinceMs, other.sinceMs) };
}
