/** Who is signed in decides what is shown: the sign-in, a password to change, or the page; and the sign-in over the page when a session is over. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
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
      return <Unreachable message={state.message} />;
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

const againMs = 3000;

/** Tries again by itself, for who waits for a hub that starts. */
function Unreachable({ message }: { readonly message: string }): JSX.Element {
  useEffect(() => {
    const timer = window.setInterval(() => void findSession(), againMs);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <SignInPage title="The hub cannot be reached">
      <Problem error={{ message }} />
      <p class="hint" role="status">
        It is tried again every few seconds, and this page goes on by itself.
      </p>
    </SignInPage>
  );
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
