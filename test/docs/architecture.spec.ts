import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const FOLDERS = ['src', 'operators', 'test', 'docs', 'api', 'examples', 'bench', 'scripts', 'template'];
const PAGES = readdirSync(ROOT).filter((name) => name.endsWith('.md'));

/** Every file and folder of the repository, with a slash before it and one behind each folder. */
const paths = [
  ...PAGES.map((name) => `/${name}`),
  ...FOLDERS.flatMap((folder) => [
    `/${folder}/`,
    ...readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).map(
      (entry) => `${entry.parentPath.slice(ROOT.length)}/${entry.name}${entry.isDirectory() ? '/' : ''}`,
    ),
  ]),
];

const code = FOLDERS.slice(0, 3)
  .flatMap((folder) => paths.filter((path) => path.startsWith(`/${folder}/`) && path.endsWith('.ts')))
  .map((path) => readFileSync(join(ROOT, path), 'utf8'))
  .join('\n');

/** What a page says in code marks, outside of blocks. */
function marksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replace(/^```.*?^```$/gms, '');
  return [...new Set([...text.matchAll(/`([^`]+)`/g)].map(([, mark]) => mark ?? ''))];
}

/** `submits/submit.ts` is the end of a path, `src/server/limits/` one whole, and `<name>` any name at all. */
function exists(path: string): boolean {
  const segments = path.split(/<\w+>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const end = new RegExp(`/${segments.join('[\\w-]+')}$`);
  return paths.some((each) => end.test(each));
}

describe.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s', (page) => {
  it('names files and folders that there are', () => {
    const named = marksOf(page).filter((mark) => /^[\w./<>-]+(\/|\.ts|\.md)$/.test(mark));

    expect(named.length).toBeGreaterThan(page === 'ARCHITECTURE.md' ? 40 : 0);
    expect(named.filter((path) => !exists(path))).toEqual([]);
  });

  it('names things that the code knows', () => {
    const named = marksOf(page).filter(
      (mark) => /^[A-Za-z]\w*(\.\w+)?\$?$/.test(mark) && !mark.endsWith('.ts'),
    );
    const unknown = named.filter((name) =>
      name.split('.').some((part) => !new RegExp(`\\b${part.replace('$', '\\$')}(?!\\w)`).test(code)),
    );

    expect(unknown).toEqual([]);
  });
});

it('a path that is gone is found', () => {
  expect(['src/server/limits/', 'submits/submit.ts', 'src/wire/messages/<name>.ts'].every(exists)).toBe(true);
  expect(['src/server/limit/', 'bmits/submit.ts', 'src/wire/<name>/nothing.ts'].some(exists)).toBe(false);
});
