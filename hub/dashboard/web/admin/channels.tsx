/** Channels with those who read them: how far each is behind, paused and let go on. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../components/confirm.tsx';
import { PlainTable } from '../components/plain-table.tsx';
import { Empty, Loaded, Section } from '../components/section.tsx';
import { Since } from '../components/time.tsx';
import { call } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { mayDo, useSession } from '../data/session.ts';
import { bytes, exact, some } from '../units.ts';

interface Group {
  readonly group: string;
  readonly topic: 'front' | 'back';
  readonly paused: boolean;
  readonly expiring: boolean;
  readonly records: number;
  readonly bytes: number;
  /** RFC 3339: when the oldest that it has not passed was received. */
  readonly oldest: string | null;
}

interface Channel {
  readonly channel: string;
  readonly streams: number;
  readonly lost: number;
  readonly groups: readonly Group[];
}

interface ChannelsAnswer {
  readonly channels: readonly Channel[];
}

interface Asking {
  readonly channel: string;
  readonly group: Group;
}

export function Channels(): JSX.Element {
  const live = useLive<ChannelsAnswer>('/api/v1/channels', 5000);
  const [asking, setAsking] = useState<Asking>();
  return (
    <Loaded live={live} what="The channels">
      {({ channels }) => (
        <>
          {channels.length === 0 && (
            <Empty title="There is no channel yet.">
              One begins with the first line of its tenant and log type: <a href="/agents">look at the agents</a>.
            </Empty>
          )}
          {channels.map((channel) => (
            <OneChannel
              key={channel.channel}
              channel={channel}
              onAsk={(group) => setAsking({ channel: channel.channel, group })}
            />
          ))}
          {asking !== undefined && <Question asking={asking} refresh={live.refresh} onClose={() => setAsking(undefined)} />}
        </>
      )}
    </Loaded>
  );
}

function OneChannel({ channel, onAsk }: { readonly channel: Channel; readonly onAsk: (group: Group) => void }): JSX.Element {
  const [tenant] = channel.channel.split('/');
  const mayOperate = mayDo(useSession(), 'operate', tenant);
  const lost = channel.lost === 0 ? '' : `, ${exact(channel.lost)} positions lost`;
  return (
    <Section title={channel.channel} flush aside={<span class="hint">{`${some(channel.streams, 'stream')}${lost}`}</span>}>
      <PlainTable label={`Readers of ${channel.channel}`} heads={['Reader', 'Waits for it', 'State']} last="actions">
        {channel.groups.map((group) => (
          <tr key={`${group.topic} ${group.group}`}>
            <th scope="row">{group.group}</th>
            <td>
              {group.records === 0 ? 'nothing' : `${some(group.records, 'record')}, ${bytes(group.bytes)}`}
              {group.oldest !== null && (
                <div class="hint">
                  the oldest <Since ms={Date.parse(group.oldest)} />
                </div>
              )}
            </td>
            <td>{group.paused ? 'paused' : group.expiring ? 'reads; what is too old passes it by' : 'reads'}</td>
            <td>
              <div class="row-actions">
                <button
                  type="button"
                  disabled={!mayOperate}
                  title={mayOperate ? undefined : 'That takes the role operator.'}
                  aria-label={`${group.paused ? 'Resume' : 'Pause'} ${group.group} of ${channel.channel}`}
                  onClick={() => onAsk(group)}
                >
                  {group.paused ? 'Resume…' : 'Pause…'}
                </button>
              </div>
            </td>
          </tr>
        ))}
      </PlainTable>
    </Section>
  );
}

interface QuestionParts {
  readonly asking: Asking;
  readonly refresh: () => void;
  readonly onClose: () => void;
}

function Question({ asking: { channel, group }, refresh, onClose }: QuestionParts): JSX.Element {
  const verb = group.paused ? 'resume' : 'pause';
  const confirm = async (): Promise<void> => {
    await call('POST', `/api/v1/channels/${channel}/${verb}`, { body: { group: group.group } });
    refresh();
  };
  const title = `${group.paused ? 'Resume' : 'Pause'} ${group.group} of ${channel}?`;
  return (
    <Confirm title={title} action={group.paused ? 'Resume' : 'Pause'} onConfirm={confirm} onClose={onClose}>
      <p>
        {group.paused
          ? 'It goes on where it stopped.'
          : 'It reads no further until it is resumed. What comes waits in the queue and takes room there; agents go on sending until it is full.'}
      </p>
    </Confirm>
  );
}
