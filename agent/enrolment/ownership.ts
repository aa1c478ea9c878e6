/**
 * Whose everything is that an agent sends: what its certificate says, whatever the configuration does. Labels of the enrolment token are
 * below those of the configuration.
 */
import type { AgentConfig } from '../options.ts';

export interface Ownership {
  readonly tenant: string;
  /** Of the token. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface OwnedConfig {
  readonly config: AgentConfig;
  /** Options that name another tenant than the certificate, which wins: `inputs[0].tenant`. */
  readonly overruled: readonly string[];
}

type Input = AgentConfig['inputs'][number];

export const overruledRule = 'the certificate of this agent names another tenant, which is whose everything is that it sends';

export const otherAgentRule =
  'the certificate is for another agent than this one (agentId in identity.json): no hub lets it in; enroll, or make one for this id';

const tenantDefault = 'default';

/** Undefined: the configuration's word is all there is. */
export function ownedBy(owner: Ownership | undefined, config: AgentConfig): OwnedConfig {
  if (owner === undefined) return { config, overruled: [] };
  const { tenant, labels } = owner;
  const named = [
    ...(config.tenant === tenantDefault ? [] : [{ option: 'tenant', tenant: config.tenant }]),
    ...config.inputs.flatMap((input, index) => tenantsOf(input, `inputs[${index}]`)),
  ];
  return {
    config: { ...config, tenant, labels: { ...labels, ...config.labels }, inputs: config.inputs.map(withoutTenants) },
    overruled: named.filter((one) => one.tenant !== tenant).map(({ option }) => option),
  };
}

function tenantsOf(input: Input, place: string): { readonly option: string; readonly tenant: string }[] {
  const own = input.tenant === undefined ? [] : [{ option: `${place}.tenant`, tenant: input.tenant }];
  const rules = input.kind === 'file' ? input.by_path : [];
  const byPath = rules.flatMap(({ tenant }, index) =>
    tenant === undefined ? [] : [{ option: `${place}.by_path[${index}].tenant`, tenant }],
  );
  return [...own, ...byPath];
}

function withoutTenants(input: Input): Input {
  if (input.kind !== 'file') return { ...input, tenant: undefined };
  return { ...input, tenant: undefined, by_path: input.by_path.map((rule) => ({ ...rule, tenant: undefined })) };
}
