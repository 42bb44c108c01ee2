import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(__dirname, '../../../docs/deploying.md');

/** The configurations of the page, one after the other, with other addresses and time-outs in the places of these. */
export function documented(
  language: 'nginx' | 'haproxy',
  inPlaceOf: Readonly<Record<string, string>>,
): string[] {
  const text = readFileSync(PAGE, 'utf8');
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    ({ 1: block }) => block ?? '',
  );
  return Object.entries(inPlaceOf).reduce((changed, [shown, tried]) => {
    if (!changed.some((block) => block.includes(shown))) throw new Error(`${PAGE} shows no ${shown}`);
    return changed.map((block) => block.replaceAll(shown, tried));
  }, blocks);
}
