import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkSnippets, snippetsOf, type Snippet } from './check-snippets';

const ROOT = join(__dirname, '../..');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the pages', () => {
  it('show TypeScript that compiles', () => {
    const snippets = pages.flatMap((page) => snippetsOf(page));
    const code = "import { tcp } from 'nnrp-rx';\n\ntcp({ prot: 4433 });\n";
    const wrong: Snippet = { place: 'wrong.md:7', language: 'ts', code };

    expect(snippets.length).toBeGreaterThan(15);
    expect(checkSnippets([...snippets, wrong])).toEqual([
      expect.stringMatching(/^wrong\.md:9: .*'prot' does not exist/),
    ]);
  });

  it.each(pages)('%s names scripts that there are', (page) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const named = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/npm run ([\w:-]+)/g)].map(
      ([, name]) => name ?? '',
    );

    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('are each in the index of the site', () => {
    const config = readFileSync(join(ROOT, 'docs/.vitepress/config.mts'), 'utf8');
    const links = [...config.matchAll(/link: '\/([\w-]*)'/g)].map(([, name]) => `docs/${name || 'index'}.md`);
    expect(pages.filter((page) => page.startsWith('docs/') && !links.includes(page))).toEqual([]);
  });
});
