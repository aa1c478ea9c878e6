/** What the set-up installs: one object of the server each, under a name of its own. */
import type { estypes } from '@elastic/elasticsearch';

export const managedBy = 'tributary';

/** In the order in which they are installed: each names only such as come before. */
export const setupKinds = ['lifecycle_policy', 'component_template', 'index_template'] as const;
export type SetupKind = (typeof setupKinds)[number];

export type ComponentTemplate = Required<Pick<estypes.ClusterPutComponentTemplateRequest, 'template'>>;
export type IndexTemplate = Pick<
  estypes.IndicesPutIndexTemplateRequest,
  | 'index_patterns'
  | 'priority'
  | 'composed_of'
  | 'ignore_missing_component_templates'
  | 'data_stream'
  | 'template'
  | 'allow_auto_create'
>;
export type LifecyclePolicy = Required<Pick<estypes.IlmPutLifecycleRequest, 'policy'>>;

/** The bodies of the requests, without what says whose they are (mark.ts); their types are those of Elastic's API specification. */
export type SetupItem =
  | { readonly kind: 'lifecycle_policy'; readonly name: string; readonly content: LifecyclePolicy }
  | { readonly kind: 'component_template'; readonly name: string; readonly content: ComponentTemplate }
  | { readonly kind: 'index_template'; readonly name: string; readonly content: IndexTemplate };

/** Where an object of a kind is, by its name or a pattern. */
export function pathOf(kind: SetupKind, name: string): string {
  const folder = {
    lifecycle_policy: '_ilm/policy',
    component_template: '_component_template',
    index_template: '_index_template',
  }[kind];
  return `/${folder}/${name}`;
}

export const kindNames: Readonly<Record<SetupKind, string>> = {
  lifecycle_policy: 'lifecycle policy',
  component_template: 'component template',
  index_template: 'index template',
};
