/** The lines that pipelines are measured with: drawn by a rule, the same in every run. */

export const lineCount = 300_000;
const startMs = Date.UTC(2026, 10, 21, 12);

/** About 160 bytes each. */
export function jsonLines(): string[] {
  return Array.from({ length: lineCount }, (_, index) =>
    JSON.stringify({
      time: new Date(startMs + index * 13).toISOString(),
      level: index % 7 === 0 ? 'warn' : 'info',
      msg: `request ${index} was handled`,
      status: 200 + (index % 5),
      user: `u${index % 1000}`,
      ms: index % 333,
      path: `/api/v1/things/${index % 77}`,
      region: 'eu-1',
    }),
  );
}

export function combinedLines(): string[] {
  return Array.from({ length: lineCount }, (_, index) => {
    const at = new Date(startMs + index * 13).toISOString();
    const time = `21/Nov/2026:${at.slice(11, 19)} +0000`;
    const request = `GET /shop/item/${index % 997}?q=${index % 13} HTTP/1.1`;
    const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const address = `10.1.${index % 255}.${(index * 7) % 255}`;
    return `${address} - - [${time}] "${request}" ${index % 11 === 0 ? 404 : 200} ${index % 5000} "https://shop.example/cart" "${agent}"`;
  });
}

/** As HAProxy's manual has them under "HTTP log format", behind a syslog prefix. */
export function haproxyLines(): string[] {
  return Array.from({ length: lineCount }, (_, index) => {
    const at = new Date(startMs + index * 13).toISOString();
    const accepted = `21/Nov/2026:${at.slice(11, 23)}`;
    const client = `10.0.${index % 255}.${(index * 7) % 255}:${10_000 + (index % 50_000)}`;
    const times = `${index % 30}/0/${index % 9}/${index % 80}/${index % 200}`;
    const request = `"GET /api/items/${index % 997} HTTP/1.1"`;
    const counts = `${index % 40}/${index % 30}/${index % 20}/${index % 9}/0 0/0`;
    return `${client} [${accepted}] prod_public_shop shop_api/app${index % 4} ${times} ${index % 17 === 0 ? 503 : 200} ${index % 9000} - - ---- ${counts} ${request}`;
  });
}
