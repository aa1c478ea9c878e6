/** What is known of one node of the health tree, over the page that one came from. */
import type { JSX } from 'preact';
import type { HealthAnswer } from '../../api/health-shapes.ts';
import { Dialog } from '../components/dialog.tsx';
import { Empty, Loaded } from '../components/section.tsx';
import { StateBadge } from '../components/state.tsx';
import { Since } from '../components/time.tsx';
import { withQuery } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { channelWays, kindNames } from './node-links.ts';
import { WhyNotHeld } from './held-by.tsx';
import { useHolding } from './use-holding.tsx';
import { Thing } from './wrong-now.tsx';

export function NodeDialog({ nodeId, onClose }: { readonly nodeId: string; readonly onClose: () => void }): JSX.Element {
  const live = useLive<HealthAnswer>(withQuery('/api/v1/health', { under: nodeId, limit: 100 }), 3000);
  const holding = useHolding(live.refresh);
  const own = live.data?.nodes.find(({ id }) => id === nodeId);
  const things = (live.data?.nodes ?? []).flatMap((node) => node.causes.map((cause) => ({ node, cause })));
  const title = own === undefined ? nodeId : `${kindNames[own.kind]} ${own.name}`;
  return (
    <Dialog title={title} onClose={onClose}>
      <Loaded live={live} what={title}>
        {() => (
          <>
            {own !== undefined && (
              <p>
                <StateBadge state={own.state} /> <Since ms={own.sinceMs} />
              </p>
            )}
            {own === undefined && things.length === 0 ? (
              <Empty title="Nothing is known of it.">
                It is not there any more, the hub has only just started, or it is not yours to see.
              </Empty>
            ) : things.length === 0 ? (
              <Empty title="Nothing is wrong with it." />
            ) : (
              <ul class="wrong">
                {things.map((thing) => (
                  <Thing key={`${thing.node.id} ${thing.cause.kind}`} thing={thing} holding={holding} />
                ))}
                <WhyNotHeld things={things} />
              </ul>
            )}
            <Ways nodeId={nodeId} />
          </>
        )}
      </Loaded>
      {holding.dialog}
    </Dialog>
  );
}

/** Where one goes on from a channel. */
function Ways({ nodeId }: { readonly nodeId: string }): JSX.Element | null {
  const ways = channelWays(nodeId);
  if (ways.length === 0) return null;
  return (
    <p class="ways">
      {ways.map(([text, href]) => (
        <a key={href} href={href}>
          {text}
        </a>
      ))}
    </p>
  );
}
