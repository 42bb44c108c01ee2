import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionsOf } from '../../scripts/option-docs';

/** The sections of the page, in its order, and the records whose fields they list. */
const RECORDS = {
  'server.usage': ['src/server/usage.ts', 'ServerUsage'],
  'client.usage': ['src/client/usage.ts', 'ClientUsage'],
  'credit$ of a client': ['src/client/submissions/credit.ts', 'Credit'],
  'limits$ of a server': ['src/server/limits/limit-tripped.ts', 'LimitTripped'],
  'health$ of a server': ['src/server/health.ts', 'ServerHealth'],
} as const;

const sections = readFileSync(join(__dirname, '../../docs/metrics.md'), 'utf8').split('\n## ');

it.each(Object.entries(RECORDS))('docs/metrics.md lists every field of %s', (title, of) => {
  const section = sections.find((text) => text.startsWith(title)) ?? '';
  const fields = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  expect(fields).toEqual(optionsOf(of).map(({ name }) => name));
});
