import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { HealthAnswer } from '../../api/health-shapes.ts';
import { EnrolHint } from '../components/enrol-hint.tsx';
import { Empty } from '../components/section.tsx';
import { StateIcon } from '../components/state.tsx';
import { Since } from '../components/time.tsx';
import { some } from '../units.ts';
import { groupCauses, type WrongGroup, type WrongThing } from './group-causes.ts';
import { HeldBy, HoldButtons, WhyNotHeld } from './held-by.tsx';
import { type Holding, useHolding } from './use-holding.tsx';
import { kindNames, nodeHref } from './node-links.ts';

const shownAtFirst = 2;

interface WrongParts {
  readonly health: HealthAnswer;
  readonly refresh: () => void;
}

export function WrongNow({ health, refresh }: WrongParts): JSX.Element {
  const holding = useHolding(refresh);
  return (
    <>
      <List health={health} holding={holding} />
      {holding.dialog}
    </>
  );
}

function List({ health, holding }: { readonly health: HealthAnswer; readonly holding: Holding }): JSX.Element {
  const groups = groupCauses(health.nodes);
  if (groups.length === 0) {
    const agents = Object.values(health.counts.agent ?? {}).reduce((sum, counted) => sum + counted, 0);
    return (
      <Empty title="Nothing is wrong.">{agents === 0 ? <EnrolHint /> : 'What goes wrong is listed here, the worst first.'}</Empty>
    );
  }
  return (
    <ul class="wrong">
      {groups.map((group) => (
        <Group key={`${group.level} ${group.kind} ${group.things[0]?.node.id ?? ''}`} group={group} holding={holding} />
      ))}
      <WhyNotHeld things={groups.flatMap(({ things }) => things)} />
      {health.next !== undefined && <li class="hint">There is more than is listed here: mend the worst first.</li>}
    </ul>
  );
}

function Group({ group, holding }: { readonly group: WrongGroup; readonly holding: Holding }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen ? group.things : group.things.slice(0, shownAtFirst);
  const hidden = group.things.length - shown.length;
  return (
    <>
      {shown.map((thing) => (
        <Thing key={`${thing.node.id} ${thing.cause.kind}`} thing={thing} holding={holding} />
      ))}
      {(hidden > 0 || isOpen) && (
        <li class="rest">
          <button type="button" class="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Show fewer' : `${some(hidden, 'more', 'more')} with ${group.kind}`}
          </button>
        </li>
      )}
    </>
  );
}

export function Thing({ thing, holding }: { readonly thing: WrongThing; readonly holding: Holding }): JSX.Element {
  const { node, cause } = thing;
  return (
    <li class={cause.level}>
      <StateIcon state={cause.level} />
      <div>
        <div class="what">
          <span class="kind">{kindNames[node.kind]}</span>
          <a href={nodeHref(node.id)}>{node.name}</a>
          <span class="since">
            <Since ms={cause.sinceMs} />
          </span>
          <HoldButtons thing={thing} ask={holding.ask} />
        </div>
        <p>{cause.reason}</p>
        <HeldBy thing={thing} ask={holding.ask} />
      </div>
    </li>
  );
}
