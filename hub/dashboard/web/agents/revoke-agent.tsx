/** Cuts an agent off for good: after it was asked whether that is meant. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AgentAnswer } from '../../api/agent-shapes.ts';
import { Dialog } from '../components/dialog.tsx';
import { Form } from '../components/form.tsx';
import { call } from '../data/api.ts';

interface RevokeParts {
  readonly agent: AgentAnswer;
  readonly name: string;
  readonly onDone: () => void;
}

export function RevokeAgent({ agent, name, onDone }: RevokeParts): JSX.Element {
  const [isAsking, setAsking] = useState(false);
  const revoke = async (): Promise<void> => {
    await call('POST', `/api/v1/agents/${encodeURIComponent(agent.agentId)}/revoke`, { body: {} });
    setAsking(false);
    onDone();
  };
  return (
    <>
      <button type="button" onClick={() => setAsking(true)}>
        Revoke…
      </button>
      {isAsking && (
        <Dialog title={`Revoke ${name}?`} onClose={() => setAsking(false)}>
          <p>
            It is cut off now and its certificate is good for nothing any more. What it has not sent stays on its machine; to come
            back it has to be enrolled again.
          </p>
          <Form
            action="Revoke it"
            danger
            onSubmit={revoke}
            also={
              <button type="button" onClick={() => setAsking(false)}>
                Keep it
              </button>
            }
          />
        </Dialog>
      )}
    </>
  );
}
