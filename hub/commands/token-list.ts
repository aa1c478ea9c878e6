/** `token list` and `token revoke`. */
import { type ApiTokenRecord, type EnrolmentTokenRecord, RegistryError } from '../registry/registry.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import { cell, jsonLine, labelsText, minute, table, tenantsText } from './tables.ts';
import { apiTokenView, enrolmentTokenView } from '../registry/record-views.ts';
import { type RegistryRequest, withRegistry } from './with-registry.ts';

export async function tokenListCommand(request: RegistryRequest, host: CommandHost): Promise<ExitCode> {
  return withRegistry(request, host, async ({ registry, nowMs }) => {
    const [enrolment, api] = [await registry.enrolmentTokens(), await registry.apiTokens()];
    if (request.json) {
      await host.out(jsonLine({ tokens: [...enrolment.map(enrolmentTokenView), ...api.map(apiTokenView)] }));
      return exitCode.done;
    }
    if (enrolment.length + api.length === 0) {
      await host.out('no tokens: tributary-hub token create --tenant TENANT makes one\n');
      return exitCode.done;
    }
    const header = ['ID', 'FOR', 'TENANT', 'STATE', 'USED', 'EXPIRES', 'MADE BY', 'LABELS OR NOTE'];
    const rows = [...enrolment.map((token) => enrolmentRow(token, nowMs)), ...api.map((token) => apiRow(token, nowMs))];
    await host.out(table(header, rows));
    return exitCode.done;
  });
}

export interface TokenRevokeOptions extends RegistryRequest {
  readonly ids: readonly string[];
}

/** All of them, or none when one is not known. */
export async function tokenRevokeCommand(request: TokenRevokeOptions, host: CommandHost): Promise<ExitCode> {
  const ids = request.ids.map(tokenIdOf);
  return withRegistry(request, host, async ({ registry, by }) => {
    const known = new Set((await registry.enrolmentTokens()).map(({ tokenId }) => tokenId));
    const unknown = ids.filter((id) => !known.has(id) && registry.apiToken(id) === undefined);
    if (unknown.length > 0) {
      const hint = `no token has the id ${unknown.join(', ')}: tributary-hub token list shows them`;
      throw new RegistryError('REGISTRY_UNKNOWN', hint);
    }
    for (const id of ids) await registry.revokeToken(id, by);
    if (request.json) await host.out(jsonLine({ revoked: ids }));
    else await host.out(ids.map((id) => `token ${id} is revoked; agents that enrolled with it stay\n`).join(''));
    return exitCode.done;
  });
}

/** A person may have the whole token at hand: its id is in one of the HTTP API. */
function tokenIdOf(text: string): string {
  const [, id] = /^(?:tributary_)?([a-z0-9]{8,32})(?:_[\w-]{1,64})?$/.exec(text) ?? [];
  if (id !== undefined) return id;
  throw new UsageError('that is no id of a token: tributary-hub token list shows them in its first column');
}

function enrolmentRow(token: EnrolmentTokenRecord, nowMs: number): readonly string[] {
  const { tokenId, kind, tenants, labels, uses, usesMax, expiresMs, createdBy } = token;
  const state = uses >= usesMax && token.revokedMs === undefined ? 'used up' : stateOf(token, nowMs);
  const use = kind === 'hub' ? 'lower site' : 'agents';
  const used = `${uses} of ${usesMax}`;
  return [
    tokenId,
    use,
    cell(tenantsText(tenants)),
    state,
    used,
    minute(expiresMs),
    cell(createdBy),
    cell(labelsText(labels), 60),
  ];
}

function apiRow(token: ApiTokenRecord, nowMs: number): readonly string[] {
  const { tokenId, tenant, scope, note, lastUsedMs, expiresMs, createdBy } = token;
  const used = minute(lastUsedMs);
  return [tokenId, `api ${scope}`, tenant, stateOf(token, nowMs), used, minute(expiresMs), cell(createdBy), cell(note, 60)];
}

function stateOf(
  token: { readonly revokedMs: number | undefined; readonly expiresMs: number | undefined },
  nowMs: number,
): string {
  if (token.revokedMs !== undefined) return 'revoked';
  return token.expiresMs !== undefined && token.expiresMs <= nowMs ? 'expired' : 'good';
}
