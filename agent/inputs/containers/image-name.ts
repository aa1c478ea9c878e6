export interface ImageName {
  readonly name: string;
  /** '' where the image is named without one. */
  readonly tag: string;
  /** `sha256:…`, or ''. */
  readonly digest: string;
}

/** `registry:5000/team/app:1.2@sha256:…`: the tag is behind the last colon of the last part, the digest behind the `@`. */
export function parseImage(image: string): ImageName {
  const at = image.indexOf('@');
  const digest = at < 0 ? '' : image.slice(at + 1);
  const rest = at < 0 ? image : image.slice(0, at);
  const colon = rest.lastIndexOf(':');
  // An image that is known by nothing but its content.
  if (/^sha256:[\da-f]{64}$/.test(rest)) return { name: '', tag: '', digest: rest };
  if (colon < 0 || colon < rest.lastIndexOf('/')) return { name: rest, tag: '', digest };
  return { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest };
}
