/** All pages: where they are, what they are called, and how they are found. A page is added here and nowhere else (README.md). */
import type { ComponentType } from 'preact';
import type { pagePaths } from '../../page-paths.ts';
import type { IconName } from '../components/icon.tsx';
import { mayDo, type Session } from '../data/session.ts';

export interface PageParts {
  /** The `:name` parts of its path. */
  readonly params: Readonly<Record<string, string>>;
  readonly session: Session;
}

export interface PageEntry {
  readonly path: '/' | `/${(typeof pagePaths)[number]}${'' | `/${string}`}`;
  readonly title: string;
  /** In the head of every page; absent: it is reached from another one. */
  readonly inMenu?: {
    readonly icon: IconName;
    readonly keys: string;
    /** Where there is no room for the title: its beginning. */
    readonly short?: string;
  };
  /** Who has any business there; everybody unless told. */
  readonly isFor?: (session: Session) => boolean;
  readonly load: () => Promise<{ readonly Page: ComponentType<PageParts> }>;
}

export const pages: readonly PageEntry[] = [
  {
    path: '/',
    title: 'Overview',
    inMenu: { icon: 'overview', keys: 'g o' },
    load: () => import('./overview.tsx'),
  },
  {
    path: '/agents',
    title: 'Agents',
    inMenu: { icon: 'agents', keys: 'g a' },
    load: () => import('./agents.tsx'),
  },
  {
    path: '/agents/:id',
    title: 'Agent',
    load: () => import('./agent.tsx'),
  },
  {
    path: '/search',
    title: 'Search',
    inMenu: { icon: 'search', keys: 'g s' },
    load: () => import('./search.tsx'),
  },
  {
    path: '/pipelines',
    title: 'Pipelines',
    inMenu: { icon: 'pipelines', keys: 'g p' },
    isFor: (session) => mayDo(session, 'view', '*'),
    load: () => import('./pipelines.tsx'),
  },
  {
    path: '/pipelines/:type',
    title: 'Pipeline',
    isFor: (session) => mayDo(session, 'view', '*'),
    load: () => import('./pipeline.tsx'),
  },
  {
    path: '/dead-letters',
    title: 'Dead letters',
    inMenu: { icon: 'letters', keys: 'g d' },
    load: () => import('./dead-letters.tsx'),
  },
  {
    path: '/admin',
    title: 'Administration',
    inMenu: { icon: 'admin', keys: 'g m', short: 'Admin' },
    load: () => import('./admin.tsx'),
  },
  {
    path: '/admin/:part',
    title: 'Administration',
    load: () => import('./admin.tsx'),
  },
];
