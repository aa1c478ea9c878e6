/**
 * The ids of the objects: the same each time, so that a newer hub finds what an older one wrote. An output of another name and another space have
 * objects of their own: ids are unique over all spaces of a Kibana.
 */
export interface Naming {
  /** Name of the output. */
  readonly output: string;
  /** Undefined: the default one. */
  readonly space?: string | undefined;
}

/** The name of an output that has none: its objects go without. */
const outputDefault = 'elasticsearch';

export function objectId({ output, space }: Naming, name: string): string {
  const ofOutput = output === outputDefault ? '' : `.${output}`;
  return `tributary${ofOutput}-${name}${space === undefined || space === 'default' ? '' : `@${space}`}`;
}

/** What people see: several outputs to one Kibana are told apart. */
export function objectTitle({ output }: Naming, title: string): string {
  return output === outputDefault ? `[Tributary] ${title}` : `[Tributary ${output}] ${title}`;
}
