/** Who is signed in decides what is shown: the sign-in, a password to change, or the page; and the sign-in over the page when a session is over. */
import type { JSX } from 'preact';
import { Dialog } from './components/dialog.tsx';
import { Problem } from './components/section.tsx';
import { findSession, type Session, sessionState } from './data/session.ts';
import { useStore } from './data/store.ts';
import { Frame } from './frame.tsx';
import { ChangePassword, SignIn, SignInPage } from './sign-in.tsx';

export function App(): JSX.Element {
  const state = useStore(sessionState);
  switch (state.kind) {
    case 'asking':
      return <div class="loading whole" role="status" aria-label="Loading" />;
    case 'unreachable':
      return (
        <SignInPage title="The hub cannot be reached">
          <Problem error={state} />
          <button type="button" class="primary" onClick={() => void findSession()}>
            Try again
          </button>
        </SignInPage>
      );
    case 'nobody':
      return (
        <SignInPage title="Sign in">
          <SignIn />
        </SignInPage>
      );
    case 'signed-in':
    case 'over':
      return <SignedIn session={state.session} isOver={state.kind === 'over'} />;
    default:
      return state satisfies never;
  }
}

function SignedIn({ session, isOver }: { readonly session: Session; readonly isOver: boolean }): JSX.Element {
  if (session.mustChange) {
    return (
      <SignInPage title="Choose a password">
        <ChangePassword />
      </SignInPage>
    );
  }
  return (
    <>
      <Frame session={session} />
      {isOver && (
        <Dialog title="Your session is over">
          <p>Sign in again to go on where you were.</p>
          <SignIn name={session.name} />
        </Dialog>
      )}
    </>
  );
}
