/** Answers for the OpenAPI description where no schema is shared with the page: what is in them is told by docs/operating/api.md. */
import * as z from 'zod';

/** `{[name]: [...]}`, of objects. */
export function listOf(name: string): z.ZodType {
  return z.object({ [name]: z.array(z.looseObject({})) });
}

/** `{[name]: {...}}` */
export function oneOf(name: string): z.ZodType {
  return z.object({ [name]: z.looseObject({}).optional() });
}

export const anything: z.ZodType = z.looseObject({});
