/**
 * People who sign in here: made, changed and removed by admins of the whole site. The last of these can neither be removed nor lose what
 * makes it one. A password that somebody else chose is good for one sign-in and its change.
 */
import * as z from 'zod';
import { everyTenant, nameOf } from '../../../access/access.ts';
import type { Passwords } from '../../../access/login.ts';
import { passwordProblem } from '../../../access/password-rules.ts';
import { canonicalUserName, isUserName, userNameRule } from '../../../access/user-name.ts';
import { tenantOrAll } from '../../../config/names.ts';
import { makeOneTimePassword } from '../../../access/one-time-password.ts';
import { userView } from '../../../registry/record-views.ts';
import type { AuditEvent, Registry, UserRecord } from '../../../registry/registry.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { type ApiRoutes, demand } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { HttpError } from '../http-error.ts';
import { listPage, listPageQuery } from '../list-page.ts';
import { userAnswer, usersAnswer } from '../operation-shapes.ts';

export interface UserRouteParts {
  readonly registry: Pick<Registry, 'user' | 'users' | 'putUser' | 'removeUser'>;
  readonly passwords: Passwords;
  readonly clock: Clock;
  /** Whether people without a password can sign in at all. */
  readonly hasProvider: boolean;
}

const grant = z.strictObject({ tenant: tenantOrAll, role: z.enum(['viewer', 'operator', 'admin']) });
const userName = z.string().max(400).transform(canonicalUserName).refine(isUserName, `is no name: ${userNameRule}`);
const userBody = z.strictObject({
  name: userName,
  grants: z.array(grant).max(1000).optional(),
  /** Of somebody new without one: signs in at the provider. */
  password: z.string().min(1).max(4096).optional(),
  /** Instead: one is made, and is in the answer that made it and nowhere else. */
  oneTimePassword: z.literal(true).optional(),
  disabled: z.boolean().optional(),
});
const userPath = z.strictObject({ name: userName });

const listQuery = z.strictObject(listPageQuery);

const abouts = {
  list: { summary: 'People', query: listQuery, answer: usersAnswer },
  put: {
    summary: 'Make or change an account (201: it is new)',
    query: nothing,
    body: userBody,
    answer: userAnswer,
    statuses: [200, 201],
  },
  remove: { summary: 'Remove an account', path: userPath, query: nothing },
};

export function userRoutes(parts: UserRouteParts): ApiRoutes {
  const { registry } = parts;
  // One change after the other, so that two admins cannot each remove the other as the last but one.
  let previous: Promise<unknown> = Promise.resolve();
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const turn = previous.then(work);
    previous = turn.catch(() => undefined);
    return turn;
  };
  return (app) => {
    app.get('/api/v1/users', { config: { access: 'administer', about: abouts.list } }, (request, reply) => {
      demand(request, 'administer', everyTenant);
      const query = checked(listQuery, request.query, 'query');
      const { page, next } = listPage(registry.users(), query, ({ name }) => name);
      return reply.send({ users: page.map(userView), ...next });
    });

    app.post('/api/v1/users', { config: { access: 'administer', about: abouts.put } }, async (request, reply) => {
      const actor = nameOf(demand(request, 'administer', everyTenant));
      checked(nothing, request.query, 'query');
      const body = checked(userBody, request.body, 'body');
      const password = newPassword(body);
      const passwordHash = password === undefined ? undefined : await parts.passwords.hash(password);
      const { user, isNew } = await inTurn(() => put({ ...body, passwordHash }, { actor, address: request.ip }, parts));
      const shown = body.oneTimePassword === true ? { oneTimePassword: password } : {};
      return reply.code(isNew ? 201 : 200).send({ ...userView(user), ...shown });
    });

    app.delete('/api/v1/users/:name', { config: { access: 'administer', about: abouts.remove } }, async (request, reply) => {
      const actor = nameOf(demand(request, 'administer', everyTenant));
      checked(nothing, request.query, 'query');
      checked(nothing, request.body, 'body');
      const { name } = checked(userPath, request.params, 'path');
      await inTurn(async () => {
        if (registry.user(name) === undefined) throw new HttpError(404, 'unknown-user', 'nobody has this name');
        demandAdminBeside(name, parts);
        await registry.removeUser(name, { actor, address: request.ip });
      });
      return reply.code(204).send();
    });
  };
}

function newPassword({ name, password, oneTimePassword }: z.output<typeof userBody>): string | undefined {
  if (oneTimePassword !== true) {
    const problem = password === undefined ? undefined : passwordProblem(password, name);
    if (problem !== undefined) throw new HttpError(422, 'unsuitable-password', problem);
    return password;
  }
  if (password === undefined) return makeOneTimePassword();
  throw new HttpError(400, 'malformed', 'body: either password or oneTimePassword');
}

interface Wanted extends Pick<z.output<typeof userBody>, 'name' | 'grants' | 'disabled'> {
  readonly passwordHash: string | undefined;
}

async function put(
  wanted: Wanted,
  by: { readonly actor: string; readonly address: string },
  parts: UserRouteParts,
): Promise<{ user: UserRecord; isNew: boolean }> {
  const { registry, clock } = parts;
  const { name } = wanted;
  const before = registry.user(name);
  const user: UserRecord = {
    name,
    passwordHash: wanted.passwordHash ?? before?.passwordHash,
    mustChange: wanted.passwordHash === undefined ? (before?.mustChange ?? false) : true,
    grants: wanted.grants ?? before?.grants ?? [],
    createdMs: before?.createdMs ?? clock.now(),
    disabled: wanted.disabled ?? before?.disabled ?? false,
  };
  if (!isSiteAdmin(user, parts)) demandAdminBeside(name, parts);
  const roles = user.grants.map(({ tenant, role }) => `${role} of ${tenant}`).join(', ');
  const event: AuditEvent = {
    action: before === undefined ? 'user-added' : 'user-changed',
    ...by,
    outcome: 'success',
    tenant: undefined,
    details: { user: name, roles, disabled: user.disabled, password: wanted.passwordHash === undefined ? 'as before' : 'new' },
  };
  await registry.putUser(user, event, { before });
  return { user, isNew: before === undefined };
}

/** Who can sign in and may do everything. */
function isSiteAdmin(user: UserRecord, { hasProvider }: UserRouteParts): boolean {
  if (user.disabled || (user.passwordHash === undefined && !hasProvider)) return false;
  return user.grants.some(({ tenant, role }) => tenant === everyTenant && role === 'admin');
}

/** Only of somebody who is an admin of the site now it matters whether there is another. */
function demandAdminBeside(name: string, parts: UserRouteParts): void {
  const user = parts.registry.user(name);
  if (user === undefined || !isSiteAdmin(user, parts)) return;
  if (parts.registry.users().some((other) => other.name !== name && isSiteAdmin(other, parts))) return;
  throw new HttpError(409, 'last-admin', 'this is the last admin of the whole site: make another one first');
}
