/** Signing in by password or at the provider, and the first password of one's own. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Field, Form } from './components/form.tsx';
import { Problem } from './components/section.tsx';
import { get, withQuery } from './data/api.ts';
import { changePassword, signIn } from './data/session.ts';
import { changeQuery, usePlace } from './router.ts';

export function SignInPage({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Tributary`;
  }, [title]);
  return (
    <main class="sign-in">
      <div class="card">
        <p class="brand">
          <Logo /> Tributary
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

export function SignIn({ name: known = '' }: { readonly name?: string }): JSX.Element {
  const [name, setName] = useState(known);
  const [password, setPassword] = useState('');
  const hasProvider = useProvider();
  const refused = refusals[usePlace().query.get('sign_in') ?? ''];
  const submit = async (): Promise<void> => {
    await signIn(name, password);
    changeQuery({ sign_in: undefined });
  };
  return (
    <>
      {refused !== undefined && <Problem error={{ message: refused }} />}
      <Form action="Sign in" onSubmit={submit}>
        <Field label="Name" value={name} onInput={setName} autocomplete="username" required autofocus={known === ''} />
        <Field
          label="Password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          required
          autofocus={known !== ''}
        />
      </Form>
      {hasProvider && (
        <>
          <p class="or">or</p>
          <a class="button" href={withQuery('/api/v1/oidc/login', { return_to: here() })}>
            Sign in with your organisation
          </a>
        </>
      )}
      {known === '' && (
        <p class="hint">
          The first account and its password were printed by <code>tributary-hub init</code>; <code>tributary-hub user</code>{' '}
          makes others.
        </p>
      )}
    </>
  );
}

export function ChangePassword(): JSX.Element {
  const [current, setCurrent] = useState('');
  const [wanted, setWanted] = useState('');
  const [again, setAgain] = useState('');
  const submit = async (): Promise<void> => {
    if (wanted !== again) throw new Error('The two new passwords are not the same.');
    await changePassword(current, wanted);
  };
  return (
    <Form action="Change the password" onSubmit={submit}>
      <p>The password that you signed in with was for one time. Choose your own.</p>
      <Field
        label="Password until now"
        type="password"
        value={current}
        onInput={setCurrent}
        autocomplete="current-password"
        required
        autofocus
      />
      <Field label="New password" type="password" value={wanted} onInput={setWanted} autocomplete="new-password" required />
      <Field label="New password again" type="password" value={again} onInput={setAgain} autocomplete="new-password" required />
    </Form>
  );
}

export function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M6 7c6 0 7 9 12 9h9M6 16h21M6 25c6 0 7-9 12-9" />
    </svg>
  );
}

/** Whether people of this hub can sign in elsewhere. */
function useProvider(): boolean {
  const [hasProvider, setHas] = useState(false);
  useEffect(() => {
    get<{ readonly configured: boolean }>('/api/v1/oidc').then(
      ({ configured }) => setHas(configured),
      () => setHas(false),
    );
  }, []);
  return hasProvider;
}

/** Why a sign-in at the provider failed: the codes of the API. */
const refusals: Readonly<Record<string, string>> = {
  'sign-in-stale': 'That sign-in took too long, or was begun in another window. Try again.',
  'sign-in-refused':
    'Your organisation knows you, but none of your groups may sign in here. Ask an admin of this hub for one of those in oidc.roles.',
  'provider-unavailable': 'Your organisation’s sign-in cannot be reached now. Try again later, or sign in with a password.',
};

function here(): string {
  return location.pathname + location.search;
}
