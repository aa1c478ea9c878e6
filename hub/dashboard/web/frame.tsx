/** What is around every page: the menu, the switches, the list of keys; and the page that the address names. */
import { Component, type ComponentChildren, type ComponentType, type JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { zone } from './clock.ts';
import { Icon } from './components/icon.tsx';
import { Empty, Problem, Title } from './components/section.tsx';
import { Ago } from './components/time.tsx';
import { awaySince } from './data/api.ts';
import { useLive } from './data/live.ts';
import { messageOf, type Session, signOut } from './data/session.ts';
import { useStore } from './data/store.ts';
import { isOutdated } from './data/version.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { type PageEntry, type PageParts, pages } from './pages/pages.ts';
import { go, matchPath, usePlace } from './router.ts';
import { useShortcuts } from './shortcuts.ts';
import { Logo } from './sign-in.tsx';
import { nextTheme, theme } from './theme.ts';

export function Frame({ session }: { readonly session: Session }): JSX.Element {
  const [isHelpOpen, setHelpOpen] = useState(false);
  const seen = pages.filter(({ isFor }) => isFor === undefined || isFor(session));
  useShortcuts([
    ...seen.flatMap(({ path, title, inMenu }) =>
      inMenu === undefined ? [] : [{ keys: inMenu.keys, what: title, run: () => go(path) }],
    ),
    { keys: 't', what: 'Dark, light, or as the system', run: nextTheme },
    { keys: 'u', what: 'Times in your zone or in UTC', run: nextZone },
    { keys: '?', what: 'These keys', run: () => setHelpOpen(true) },
  ]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Head session={session} entries={seen} onHelp={() => setHelpOpen(true)} />
      <HubAway />
      <Outdated />
      <CurrentPage entries={seen} session={session} />
      {isHelpOpen && <KeysDialog onClose={() => setHelpOpen(false)} />}
    </>
  );
}

/** Above whatever page it is: what is shown is from before. */
function HubAway(): JSX.Element | null {
  const sinceMs = useStore(awaySince);
  // A page that asks for nothing by itself would not notice that it is back.
  useLive(sinceMs === undefined ? undefined : '/api/v1/session');
  if (sinceMs === undefined) return null;
  return (
    <div class="problem stale away" role="alert">
      <Icon name="warning" />
      <span>
        The hub does not answer: it is stopped, or the network between is cut. What you see is from <Ago ms={sinceMs} />.
      </span>
    </div>
  );
}

/** It is for the reader to say when: what is typed but not sent would be lost. */
function Outdated(): JSX.Element | null {
  if (!useStore(isOutdated)) return null;
  return (
    <div class="problem stale away" role="status">
      <Icon name="warning" />
      <span>
        The hub has another version now, and this page is of the one before.{' '}
        <button type="button" class="link" onClick={() => location.reload()}>
          Load it again
        </button>
      </span>
    </div>
  );
}

interface HeadParts {
  readonly session: Session;
  readonly entries: readonly PageEntry[];
  readonly onHelp: () => void;
}

function Head({ session, entries, onHelp }: HeadParts): JSX.Element {
  const { path } = usePlace();
  const isIn = (entry: PageEntry): boolean =>
    entry.path === '/' ? path === '/' : path === entry.path || path.startsWith(`${entry.path}/`);
  return (
    <header class="head">
      <a class="brand" href="/">
        <Logo /> <span>Tributary</span>
      </a>
      <nav aria-label="Pages">
        {entries.map((entry) =>
          entry.inMenu === undefined ? null : (
            <a key={entry.path} href={entry.path} {...(isIn(entry) ? { 'aria-current': 'page' as const } : {})}>
              <Icon name={entry.inMenu.icon} />
              <span class={entry.inMenu.short === undefined ? undefined : 'long'}>{entry.title}</span>
              {entry.inMenu.short !== undefined && (
                <span class="short" aria-hidden="true">
                  {entry.inMenu.short}
                </span>
              )}
            </a>
          ),
        )}
      </nav>
      <Switches name={session.name} onHelp={onHelp} />
    </header>
  );
}

function Switches({ name, onHelp }: { readonly name: string; readonly onHelp: () => void }): JSX.Element {
  const chosenZone = useStore(zone);
  const chosenTheme = useStore(theme);
  const themes = { auto: ['auto', 'as the system'], light: ['sun', 'light'], dark: ['moon', 'dark'] } as const;
  const [icon, themeName] = themes[chosenTheme];
  return (
    <div class="switches">
      <button type="button" class="quiet" onClick={nextZone} title="Times in your zone or in UTC (u)">
        <span class="heard">Times are shown in </span>
        {chosenZone === 'utc' ? 'UTC' : 'Local'}
      </button>
      <button
        type="button"
        class="quiet"
        onClick={nextTheme}
        aria-label={`Colours: ${themeName}`}
        title={`Colours: ${themeName} (t)`}
      >
        <Icon name={icon} />
      </button>
      <button type="button" class="quiet" onClick={onHelp} aria-label="Keys" title="Keys (?)">
        <Icon name="help" />
      </button>
      <button type="button" class="quiet who" onClick={() => void signOut()} title={`Sign out ${name}`}>
        <span class="heard">Sign out </span>
        <span class="name">{name}</span>
        <Icon name="out" />
      </button>
    </div>
  );
}

function nextZone(): void {
  zone.set(zone.get() === 'utc' ? 'local' : 'utc');
}

function CurrentPage({ entries, session }: Pick<HeadParts, 'entries' | 'session'>): JSX.Element {
  const { path } = usePlace();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const found = entries.flatMap((entry) => {
    const params = matchPath(entry.path, path);
    return params === undefined ? [] : [{ entry, params }];
  })[0];
  const title = found?.entry.title ?? 'Nothing here';
  useEffect(() => {
    document.title = `${title} · Tributary`;
    // A page that was loaded is read from its beginning anyway; one that was changed to takes the focus.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <Guard key={path}>
        {found === undefined ? <NothingHere /> : <LoadedPage entry={found.entry} params={found.params} session={session} />}
      </Guard>
    </main>
  );
}

function LoadedPage({ entry, ...parts }: { readonly entry: PageEntry } & PageParts): JSX.Element {
  const [loaded, setLoaded] = useState<{
    readonly entry: PageEntry;
    /** Absent: it could not be loaded. */
    readonly Page?: ComponentType<PageParts>;
  }>();
  useEffect(() => {
    entry.load().then(
      ({ Page }) => setLoaded({ entry, Page }),
      () => setLoaded({ entry }),
    );
  }, [entry]);
  if (loaded?.entry !== entry) return <div class="loading" role="status" aria-label="Loading" />;
  const { Page } = loaded;
  return Page === undefined ? <LoadAgain /> : <Page {...parts} />;
}

/** The rest of the page was not there: nothing that was typed is lost by loading all of it again, which happens by itself when the hub is back. */
function LoadAgain(): JSX.Element {
  const isAway = useStore(awaySince) !== undefined;
  const wasAway = useRef(isAway);
  useEffect(() => {
    if (wasAway.current && !isAway) location.reload();
    wasAway.current = isAway;
  }, [isAway]);
  return (
    <>
      <Problem
        error={{ message: isAway ? 'It will be when the hub is back.' : 'The hub has another version now, or did not answer.' }}
        what="This page could not be loaded."
      />
      <div class="actions">
        <button type="button" class="primary" onClick={() => location.reload()}>
          Load the page again
        </button>
      </div>
    </>
  );
}

function NothingHere(): JSX.Element {
  return (
    <>
      <Title>Nothing here</Title>
      <Empty title="This address leads to no page.">
        It may be of another version, or not be yours to see. <a href="/">Go to the overview</a>.
      </Empty>
    </>
  );
}

/** A mistake of ours on one page leaves the menu, and says what happened. */
class Guard extends Component<{ readonly children: ComponentChildren }, { readonly problem?: string }> {
  override state: { readonly problem?: string } = {};

  static override getDerivedStateFromError(error: unknown): { readonly problem: string } {
    return { problem: messageOf(error) };
  }

  override render(): ComponentChildren {
    const { problem } = this.state;
    if (problem === undefined) return this.props.children;
    return (
      <>
        <Problem what="This page has a fault of ours and cannot be shown." error={{ message: problem }} />
        <p>
          <button type="button" onClick={() => location.reload()}>
            Load it again
          </button>
        </p>
      </>
    );
  }
}
