/** What keeps people from being told of a finding, as its line shows it: who does that, until when, and what the reader may change of it. */
import type { ComponentChildren, JSX } from 'preact';
import type { HealthNode } from '../../api/health-shapes.ts';
import { At } from '../components/time.tsx';
import { mayDo, type Session, useSession } from '../data/session.ts';
import type { WrongThing } from './group-causes.ts';

export type HoldVerb = 'acknowledge' | 'silence' | 'unacknowledge' | 'unsilence';

interface HoldParts {
  readonly thing: WrongThing;
  readonly ask: (verb: HoldVerb, thing: WrongThing) => void;
}

/** For those who may: one button for each that is not so already. */
export function HoldButtons({ thing, ask }: HoldParts): JSX.Element {
  const session = useSession();
  const { node, cause } = thing;
  const button = (verb: HoldVerb, text: string): JSX.Element => (
    <button type="button" class="link" aria-label={`${text} ${cause.kind} of ${node.name}`} onClick={() => ask(verb, thing)}>
      {text}
    </button>
  );
  return (
    <>
      {cause.acknowledged === undefined && mayAcknowledge(session, node) && button('acknowledge', 'Acknowledge…')}
      {cause.silenced === undefined && maySilence(session, node) && button('silence', 'Silence…')}
    </>
  );
}

export function HeldBy({ thing, ask }: HoldParts): JSX.Element {
  const session = useSession();
  const { node, cause } = thing;
  const { acknowledged, silenced } = cause;
  const back = (verb: HoldVerb, what: string): JSX.Element => (
    <button
      type="button"
      class="link"
      aria-label={`Take back… ${what} ${cause.kind} of ${node.name}`}
      onClick={() => ask(verb, thing)}
    >
      Take back…
    </button>
  );
  return (
    <>
      {acknowledged !== undefined && (
        <p class="hint">
          {acknowledged.by} takes care of it
          <Until ms={acknowledged.untilMs} />
          {noted(acknowledged.note)} {mayAcknowledge(session, node) && back('unacknowledge', 'that somebody knows of')}
        </p>
      )}
      {silenced !== undefined && (
        <p class="hint">
          {silenced.silence === undefined ? 'Silenced for the whole site' : `Silenced by ${silenced.silence.by}`}
          <Until ms={silenced.untilMs} />
          {noted(silenced.silence?.note ?? '')}{' '}
          {silenced.silence !== undefined &&
            mayDo(session, 'operate', silenced.silence.tenant ?? '*') &&
            back('unsilence', 'the silence of')}
        </p>
      )}
    </>
  );
}

/** At the end of the list: to who may look at something of it, and not change it. */
export function WhyNotHeld({ things }: { readonly things: readonly WrongThing[] }): ComponentChildren {
  const session = useSession();
  const some = things.some(({ node }) => !mayAcknowledge(session, node) || !maySilence(session, node));
  if (!some) return null;
  const all = things.every(({ node }) => !mayAcknowledge(session, node) && !maySilence(session, node));
  return (
    <li class="hint">
      You may look at {all ? 'this' : 'some of this'}, not acknowledge or silence it: that takes the role operator of whom it
      belongs to.
    </li>
  );
}

function Until({ ms }: { readonly ms: number | undefined }): JSX.Element | null {
  if (ms === undefined) return null;
  return (
    <>
      {' '}
      until <At ms={ms} />
    </>
  );
}

function noted(note: string): string {
  return note === '' ? '' : `: ${note}`;
}

/** Of what belongs to several tenants only who may do it to each of them. */
function mayAcknowledge(session: Session, { tenant = '*', tenants = [tenant] }: HealthNode): boolean {
  return tenants.every((owner) => mayDo(session, 'operate', owner));
}

/** A tenant's silence is of what is its alone. */
function maySilence(session: Session, { tenant = '*' }: HealthNode): boolean {
  return mayDo(session, 'operate', tenant);
}
