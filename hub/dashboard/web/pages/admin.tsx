/** Who may come in, what was done by whom, and what runs by itself: a part each, and only those that the reader has business with. */
import type { ComponentType, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Audit } from '../admin/audit.tsx';
import { Certificates } from '../admin/certificates.tsx';
import { Channels } from '../admin/channels.tsx';
import { Enrolment } from '../admin/enrolment.tsx';
import { HousekeepingPart } from '../admin/housekeeping.tsx';
import { People } from '../admin/people.tsx';
import { Registrations } from '../admin/registrations.tsx';
import { Tokens } from '../admin/tokens.tsx';
import { Empty, Title } from '../components/section.tsx';
import { mayDo, type Session, useSession } from '../data/session.ts';
import type { PageParts } from './pages.ts';

interface Part {
  readonly name: string;
  readonly title: string;
  readonly isFor: (session: Session) => boolean;
  readonly Content: ComponentType;
}

const parts: readonly Part[] = [
  { name: 'enrolment', title: 'Enrolment', isFor: (session) => mayDo(session, 'administer'), Content: Enrolment },
  { name: 'registrations', title: 'Registrations', isFor: () => true, Content: Registrations },
  { name: 'tokens', title: 'Tokens', isFor: (session) => mayDo(session, 'administer'), Content: Tokens },
  { name: 'people', title: 'People', isFor: (session) => mayDo(session, 'administer', '*'), Content: People },
  { name: 'channels', title: 'Channels', isFor: () => true, Content: Channels },
  { name: 'certificates', title: 'Certificates', isFor: (session) => mayDo(session, 'view', '*'), Content: Certificates },
  { name: 'housekeeping', title: 'Housekeeping', isFor: (session) => mayDo(session, 'view', '*'), Content: HousekeepingPart },
  { name: 'audit', title: 'Audit trail', isFor: () => true, Content: Audit },
];

export function Page({ params }: PageParts): JSX.Element {
  const session = useSession();
  const seen = parts.filter(({ isFor }) => isFor(session));
  const part = params['part'] === undefined ? seen[0] : seen.find(({ name }) => name === params['part']);
  const title = part?.title ?? 'Nothing here';
  useEffect(() => {
    document.title = `${title} · Administration · Tributary`;
  }, [title]);
  return (
    <>
      <Title>Administration</Title>
      <div class="parts">
        <nav aria-label="Administration">
          {seen.map(({ name, title: text }) => (
            <a key={name} href={`/admin/${name}`} {...(name === part?.name ? { 'aria-current': 'page' as const } : {})}>
              {text}
            </a>
          ))}
        </nav>
        <div class="stack">
          {part === undefined ? (
            <Empty title="This part is not there, or not yours to see.">
              Who administers the site can give you a role for it: administration, people.
            </Empty>
          ) : (
            <part.Content />
          )}
        </div>
      </div>
    </>
  );
}
