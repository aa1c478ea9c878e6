import type { FieldType } from '../conditions/field-types.ts';

/**
 * The fields of ECS, by their dotted names, and their types: `http.response.status_code` is a `long`, `tags` a `keyword[]`. Only what has
 * a value of its own is named: `http.response` is not, as it is there by its fields; `labels` is, as an `object` with names of anybody's.
 */
export type EcsTypes = ReadonlyMap<string, FieldType>;
