/** `user …`: people who sign in here with a password. A one-time password is printed once and good for nothing but its change. */
import { type Grant, type Role, everyTenant } from '../access/access.ts';
import { hashPassword } from '../access/passwords.ts';
import { makeOneTimePassword } from '../access/one-time-password.ts';
import { userView } from '../registry/record-views.ts';
import { type AuditEvent, type Registry, RegistryError, type UserRecord } from '../registry/registry.ts';
import { roleOf, tenantOrAll, userNameOf } from './access-arguments.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { cell, jsonLine, minute, table } from './tables.ts';
import { type CommandRegistry, type RegistryRequest, withRegistry } from './with-registry.ts';

export interface UserRequest extends RegistryRequest {
  readonly name: string;
}

export interface GrantRequest extends UserRequest {
  readonly tenant?: string | undefined;
  /** A role, or `none`. */
  readonly role: string;
}

export async function userListCommand(request: RegistryRequest, host: CommandHost): Promise<ExitCode> {
  return withRegistry(request, host, async ({ registry }) => {
    const users = registry.users();
    if (request.json) await host.out(jsonLine({ users: users.map(userView) }));
    else if (users.length === 0) await host.out('no users: tributary-hub user add NAME --role admin makes one\n');
    else await host.out(table(['NAME', 'ROLES', 'SIGNS IN BY', 'STATE', 'ADDED'], users.map(userRow)));
    return exitCode.done;
  });
}

export async function userAddCommand(request: GrantRequest, host: CommandHost): Promise<ExitCode> {
  const name = userNameOf(request.name);
  const granted: Grant = { tenant: tenantOrAll(request.tenant ?? everyTenant), role: roleOf(request.role) };
  return withRegistry(request, host, async ({ registry, by, nowMs }) => {
    if (registry.user(name) !== undefined) {
      throw new RegistryError(
        'REGISTRY_CONFLICT',
        `there is a user ${name} already: tributary-hub user password gives a new password, user grant a role`,
      );
    }
    const password = makeOneTimePassword();
    const passwordHash = await hashPassword(password);
    const user = { name, passwordHash, mustChange: true, grants: [granted], createdMs: nowMs, disabled: false };
    await registry.putUser(user, eventOf('user-added', user, by), { before: undefined });
    if (request.json) await host.out(jsonLine({ ...userView(user), password }));
    else await host.out(`${name} is ${rolesText(user)}.\n${passwordText(name, password)}`);
    return exitCode.done;
  });
}

export async function userPasswordCommand(request: UserRequest, host: CommandHost): Promise<ExitCode> {
  return change(request, host, async ({ registry, by }, before) => {
    const password = makeOneTimePassword();
    const user = { ...before, passwordHash: await hashPassword(password), mustChange: true };
    await registry.putUser(user, eventOf('user-password-changed', user, by), { before });
    if (request.json) await host.out(jsonLine({ ...userView(user), password }));
    else await host.out(`All sessions of ${user.name} are ended.\n${passwordText(user.name, password)}`);
  });
}

/** One role per tenant: another one takes its place, `none` takes it away. */
export async function userGrantCommand(request: GrantRequest, host: CommandHost): Promise<ExitCode> {
  const role: Role | undefined = request.role === 'none' ? undefined : roleOf(request.role);
  const tenant = tenantOrAll(request.tenant ?? everyTenant);
  return change(request, host, async ({ registry, by }, before) => {
    const others = before.grants.filter((grant) => grant.tenant !== tenant);
    const user = { ...before, grants: role === undefined ? others : [...others, { tenant, role }] };
    await registry.putUser(user, eventOf('user-granted', user, by), { before });
    if (request.json) await host.out(jsonLine(userView(user)));
    else await host.out(`${user.name} is ${rolesText(user)}.\n`);
    tellWithoutAdmin(registry, host);
  });
}

export async function userDisableCommand(
  request: UserRequest & { readonly disabled: boolean },
  host: CommandHost,
): Promise<ExitCode> {
  const { disabled } = request;
  return change(request, host, async ({ registry, by }, before) => {
    const user = { ...before, disabled };
    await registry.putUser(user, eventOf('user-changed', user, by), { before });
    const told = disabled ? 'may not sign in any more, and all sessions are ended' : 'may sign in again';
    await host.out(request.json ? jsonLine(userView(user)) : `${user.name} ${told}.\n`);
    tellWithoutAdmin(registry, host);
  });
}

export async function userRemoveCommand(request: UserRequest, host: CommandHost): Promise<ExitCode> {
  return change(request, host, async ({ registry, by }, { name }) => {
    await registry.removeUser(name, by);
    await host.out(request.json ? jsonLine({ removed: name }) : `${name} is removed, and all sessions are ended.\n`);
    tellWithoutAdmin(registry, host);
  });
}

async function change(
  request: UserRequest,
  host: CommandHost,
  work: (parts: CommandRegistry, before: UserRecord) => Promise<void>,
): Promise<ExitCode> {
  const name = userNameOf(request.name);
  return withRegistry(request, host, async (parts) => {
    const before = parts.registry.user(name);
    if (before === undefined)
      throw new RegistryError('REGISTRY_UNKNOWN', `there is no user ${name}: tributary-hub user list shows them`);
    await work(parts, before);
    return exitCode.done;
  });
}

type UserAction = 'user-added' | 'user-changed' | 'user-granted' | 'user-password-changed';

function eventOf(action: UserAction, user: UserRecord, by: CommandRegistry['by']): AuditEvent {
  const details = { user: user.name, roles: rolesText(user), disabled: user.disabled };
  return { action, ...by, outcome: 'success', tenant: undefined, details };
}

/** Who may run this may make another one; it should not come as a surprise. */
function tellWithoutAdmin(registry: Registry, host: CommandHost): void {
  if (!registry.users().some(isAdmin)) host.err('tributary-hub: no user is an admin of the whole site any more\n');
}

function isAdmin({ disabled, grants }: UserRecord): boolean {
  return !disabled && grants.some(({ tenant, role }) => tenant === everyTenant && role === 'admin');
}

function rolesText({ grants }: UserRecord): string {
  if (grants.length === 0) return 'in no role: may do nothing';
  return grants.map(({ tenant, role }) => `${role} of ${tenant === everyTenant ? 'the whole site' : tenant}`).join(', ');
}

function passwordText(name: string, password: string): string {
  return `\nOne-time password of ${name}: ${password}\n\nIt is shown only now, and has to be changed at once.\n`;
}

function userRow(user: UserRecord): readonly string[] {
  const by = user.passwordHash === undefined ? 'provider' : user.mustChange ? 'one-time password' : 'password';
  return [cell(user.name), cell(rolesText(user), 60), by, user.disabled ? 'disabled' : 'active', minute(user.createdMs)];
}
