/**
 * Whether the chains of a channel are whole (chain/chain-link.ts). Retention takes the oldest objects and notes the last of them (chain/chain-cut.ts);
 * from there on to the end that its file tells, each number is there once and names the link of the one before it.
 */
import type { ChainLink } from '../chain/chain-link.ts';
import type { ChainEnd } from '../chain/chains.ts';
import type { FoundChain, FoundManifest } from '../manifest.ts';
import type { ArchiveProblem } from './verify.ts';

export interface ChainFigures {
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  /** Of each day the link of its last object: noted elsewhere, it tells that nothing up to there was changed. */
  readonly days: readonly { readonly day: string; readonly objects: number; readonly link: string }[];
}

interface Linked {
  readonly name: string;
  readonly chain: FoundChain;
}

/** What the small files beside a channel's objects tell of a chain. */
export interface ChainBounds {
  /** Undefined: the file is not there. */
  readonly end: ChainEnd | undefined;
  /** The last object that retention took; undefined: none. */
  readonly cut: ChainLink | undefined;
}

export function verifyChain(
  partition: number,
  manifests: readonly FoundManifest[],
  { end, cut }: ChainBounds,
): { readonly problems: readonly ArchiveProblem[]; readonly figures: ChainFigures | undefined } {
  const linked = manifests
    .flatMap(({ object: { name }, chain }) => (chain === undefined ? [] : [{ name, chain }]))
    .toSorted((one, other) => one.chain.number - other.chain.number || (one.name < other.name ? -1 : 1));
  const problems = [
    ...beginProblems(linked, cut),
    // Of what retention took some are left where it was broken off, as it takes several at a time.
    ...linkProblems(linked.filter(({ chain }) => chain.number > (cut?.number ?? 0))),
    ...unlinkedProblems(manifests, linked),
    ...endProblems(linked, end),
  ];
  const [first] = linked;
  const last = linked.at(-1);
  if (first === undefined || last === undefined) return { problems, figures: undefined };
  return { problems, figures: { partition, first: first.chain.number, last: last.chain.number, days: daysOf(linked) } };
}

/** What a retention that was broken off left before its cut is well. */
function* beginProblems([first]: readonly Linked[], cut: ChainLink | undefined): Generator<ArchiveProblem, void, undefined> {
  if (first === undefined) return;
  const missing = first.chain.number - (cut?.number ?? 0) - 1;
  if (missing > 0) {
    const text = `${missing === 1 ? 'the object' : `${missing} objects`} before it ${missing === 1 ? 'is' : 'are'} missing, and retention took none of them`;
    yield { kind: 'missing', object: first.name, text };
  } else if (missing === 0 && cut !== undefined && first.chain.previous !== cut.link) {
    yield {
      kind: 'altered',
      object: first.name,
      text: 'it does not follow the last object that retention took: it was replaced, or its manifest was',
    };
  }
}

function* linkProblems(linked: readonly Linked[]): Generator<ArchiveProblem, void, undefined> {
  for (const [index, { name, chain }] of linked.entries()) {
    if (chain.link !== chain.expected)
      yield { kind: 'altered', object: name, text: 'its manifest is not what was written: its link does not fit' };
    const before = linked[index - 1];
    if (before === undefined) continue;
    const missing = chain.number - before.chain.number - 1;
    if (missing > 0) {
      const text = `${missing} ${missing === 1 ? 'object is' : 'objects are'} missing between ${before.name} and this one: the chain has a gap`;
      yield { kind: 'missing', object: name, text };
    } else if (missing < 0) yield { kind: 'altered', object: name, text: `it has the place of ${before.name} in the chain` };
    else if (chain.previous !== before.chain.link) {
      yield {
        kind: 'altered',
        object: before.name,
        text: `it is not the object that ${name} follows: it was replaced, or its manifest was`,
      };
    }
  }
}

/** Objects from before there were chains are the oldest ones. */
function* unlinkedProblems(
  manifests: readonly FoundManifest[],
  linked: readonly Linked[],
): Generator<ArchiveProblem, void, undefined> {
  const oldest = manifests.find(({ object }) => object.name === linked[0]?.name)?.object.receivedMsMin;
  if (oldest === undefined) return;
  for (const { object, chain } of manifests) {
    if (chain === undefined && object.receivedMsMin > oldest)
      yield {
        kind: 'altered',
        object: object.name,
        text: 'it is in no chain, and newer than the beginning of its own: it was put there, or its manifest altered',
      };
  }
}

function* endProblems(linked: readonly Linked[], end: ChainEnd | undefined): Generator<ArchiveProblem, void, undefined> {
  const last = linked.at(-1);
  if (last === undefined && end === undefined) return;
  if (last === undefined || (end !== undefined && end.number > last.chain.number)) {
    const behind = (end?.number ?? 0) - (last?.chain.number ?? 0);
    const text = `the newest ${behind === 1 ? 'object is' : `${behind} objects are`} missing: the chain ended here`;
    // Where nothing is left, retention has taken all: its end says nothing.
    if (last !== undefined) yield { kind: 'missing', object: end?.name ?? '', text };
  } else if (end === undefined) {
    yield {
      kind: 'missing',
      object: last.name,
      text: 'the file that tells where its chain ends is missing: newer objects may have been, too (archive reindex writes it again)',
    };
  } else if (end.number === last.chain.number && end.link !== last.chain.link) {
    yield { kind: 'altered', object: last.name, text: 'it is not the object that its chain ended with' };
  }
}

function daysOf(linked: readonly Linked[]): ChainFigures['days'] {
  const days = new Map<string, { objects: number; link: string }>();
  for (const { name, chain } of linked) {
    const day = name.split('/').slice(2, 5).join('-');
    days.set(day, { objects: (days.get(day)?.objects ?? 0) + 1, link: chain.link });
  }
  return [...days].map(([day, figures]) => ({ day, ...figures }));
}
