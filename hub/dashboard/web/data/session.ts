/**
 * Who is signed in:
 *
 *     asking ──▶ nobody ──▶ signed in ──▶ over ──▶ signed in
 *
 * `over` keeps the page as it is below the dialog that asks to sign in again, so that nothing typed is lost.
 */
import { ApiError, call, get, listenForSession, useCsrfToken } from './api.ts';
import { createStore, type Store, useStore } from './store.ts';

export interface Session {
  readonly name: string;
  readonly by: 'password' | 'oidc';
  readonly grants: readonly { readonly tenant: string; readonly role: 'viewer' | 'operator' | 'admin' }[];
  readonly mustChange: boolean;
  readonly expires: string;
  readonly csrfToken: string;
}

export type SessionState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'signed-in'; readonly session: Session }
  | { readonly kind: 'over'; readonly session: Session };

export const sessionState: Store<SessionState> = createStore<SessionState>({ kind: 'asking' });

listenForSession((news) => {
  const now = sessionState.get();
  if (news === 'over' && now.kind === 'signed-in') sessionState.set({ kind: 'over', session: now.session });
  if (news === 'must-change' && now.kind === 'signed-in') signedIn({ ...now.session, mustChange: true });
});

export async function findSession(): Promise<void> {
  try {
    signedIn(await get<Session>('/api/v1/session'));
  } catch (error) {
    const isNobody = error instanceof ApiError && error.status === 401;
    sessionState.set(isNobody ? { kind: 'nobody' } : { kind: 'unreachable', message: messageOf(error) });
  }
}

/**
 * In another window of this browser somebody may have signed in meanwhile, or signed in anew: looked at whenever the reader turns to this one, so
 * that its dialog goes by itself and what it changes is not refused.
 */
export function watchSession(): void {
  window.addEventListener('focus', () => void lookAgain());
  document.addEventListener('visibilitychange', () => void lookAgain());
}

async function lookAgain(): Promise<void> {
  if (document.hidden || sessionState.get().kind === 'asking') return;
  try {
    comeIn(await get<Session>('/api/v1/session'));
  } catch {
    // It is as it was: what is asked for next tells the reader.
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  comeIn(await call<Session>('POST', '/api/v1/session', { body: { name, password } }));
}

function comeIn(session: Session): void {
  const before = sessionState.get();
  // What is shown was the other person's to see.
  if ('session' in before && before.session.name !== session.name) location.reload();
  else signedIn(session);
}

export async function changePassword(current: string, wanted: string): Promise<void> {
  signedIn(await call<Session>('POST', '/api/v1/session/password', { body: { current, new: wanted } }));
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/api/v1/session');
  location.assign('/');
}

/** Whether the one signed in may do this to what belongs to `tenant`; `*`: to the site; absent: to anything at all. */
export function mayDo(session: Session, action: 'view' | 'operate' | 'administer', tenant?: string): boolean {
  const roles = { view: ['viewer', 'operator', 'admin'], operate: ['operator', 'admin'], administer: ['admin'] }[action];
  return session.grants.some(
    (grant) => roles.includes(grant.role) && (tenant === undefined || grant.tenant === '*' || grant.tenant === tenant),
  );
}

/** Whether one sees what belongs to the site, and not only what is some tenant's. */
export function seesSite(session: Session): boolean {
  return session.grants.some(({ tenant }) => tenant === '*');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function signedIn(session: Session): void {
  useCsrfToken(session.csrfToken);
  sessionState.set({ kind: 'signed-in', session });
}

/** Within a page, which only those see who are signed in; nobody may do anything for the moment in between. */
export function useSession(): Session {
  const state = useStore(sessionState);
  return state.kind === 'signed-in' || state.kind === 'over' ? state.session : nobody;
}

const nobody: Session = { name: '', by: 'password', grants: [], mustChange: false, expires: '', csrfToken: '' };

/** Tenants that the one signed in was given by name; undefined: all of them. */
export function ownTenants({ grants }: Session): readonly string[] | undefined {
  return grants.some(({ tenant }) => tenant === '*') ? undefined : [...new Set(grants.map(({ tenant }) => tenant))].toSorted();
}
