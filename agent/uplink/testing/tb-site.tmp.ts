import { TestSite } from './test-site.ts';
const site = await TestSite.start({ port: Number(process.argv[2] ?? 0) });
console.log(site.url);
