/** Where there is no agent yet: what to do next, for who may do it and for who may not. */
import type { JSX } from 'preact';
import { mayDo, sessionState } from '../data/session.ts';
import { useStore } from '../data/store.ts';

export function EnrolHint(): JSX.Element {
  const state = useStore(sessionState);
  const may = 'session' in state && mayDo(state.session, 'administer');
  if (!may) return <>No agent is enrolled yet: an admin of this hub can make the command that does it.</>;
  return (
    <>
      No agent is enrolled yet. <a href="/admin/enrolment">Get the command to run on a server</a>: it shows up here within
      seconds.
    </>
  );
}
