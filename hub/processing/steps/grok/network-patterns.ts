/** Addresses, names of hosts, and what stands in a URL. */

const hex = '[0-9A-Fa-f]{1,4}';

/** Each line says how many groups stand before the `::`, from all eight to none. */
const ipv6 = [
  `(?:${hex}:){7}(?:${hex}|:)`,
  `(?:${hex}:){6}(?::${hex}|%{IPV4}|:)`,
  `(?:${hex}:){5}(?:(?::${hex}){1,2}|:%{IPV4}|:)`,
  `(?:${hex}:){4}(?:(?::${hex}){1,3}|(?::${hex})?:%{IPV4}|:)`,
  `(?:${hex}:){3}(?:(?::${hex}){1,4}|(?::${hex}){0,2}:%{IPV4}|:)`,
  `(?:${hex}:){2}(?:(?::${hex}){1,5}|(?::${hex}){0,3}:%{IPV4}|:)`,
  `${hex}:(?:(?::${hex}){1,6}|(?::${hex}){0,4}:%{IPV4}|:)`,
  `:(?:(?::${hex}){1,7}|(?::${hex}){0,5}:%{IPV4}|:)`,
];

const byte = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])';

export const networkPatterns = {
  CISCOMAC: String.raw`(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}`,
  WINDOWSMAC: '(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}',
  COMMONMAC: '(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}',
  MAC: '(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})',
  IPV6: `(?:${ipv6.join('|')})(?:%[0-9A-Za-z]+)?`,
  IPV4: String.raw`\b${byte}(?:\.${byte}){3}\b`,
  IP: '(?:%{IPV6}|%{IPV4})',
  HOSTNAME: String.raw`\b[0-9A-Za-z][0-9A-Za-z-]*(?:\.[0-9A-Za-z][0-9A-Za-z-]*)*(?:\.|\b)`,
  IPORHOST: '(?:%{IP}|%{HOSTNAME})',
  HOSTPORT: '%{IPORHOST}:%{POSINT}',
  URIPROTO: String.raw`[A-Za-z][A-Za-z0-9+\-.]+`,
  URIHOST: '%{IPORHOST}(?::%{POSINT})?',
  URIPATH: String.raw`(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\-]*)+`,
  URIQUERY: String.raw`[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]<>]*`,
  URIPARAM: String.raw`\?%{URIQUERY}`,
  URIPATHPARAM: String.raw`%{URIPATH}(?:\?%{URIQUERY})?`,
  URI: String.raw`%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATH}(?:\?%{URIQUERY})?)?`,
} as const;
