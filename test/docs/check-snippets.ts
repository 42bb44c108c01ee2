import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');

const GIVEN = namesIn(readFileSync(join(__dirname, 'given.ts'), 'utf8'));

/** A block of TypeScript that a page shows. */
export interface Snippet {
  /** `README.md:29`. */
  readonly place: string;
  readonly language: 'ts' | 'tsx';
  readonly code: string;
}

/** The blocks of a page. */
export function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```(tsx?)\n(.*?)^```$/gms)].map(({ 1: language, 2: code = '', index }) => ({
    place: `${page}:${text.slice(0, index).split('\n').length + 1}`,
    language: language === 'tsx' ? 'tsx' : 'ts',
    code,
  }));
}

/**
 * What the compiler has against snippets, each with its place. They import `nnrp-rx` as its users do, and what they
 * neither import nor declare is that of given.ts.
 */
export function checkSnippets(snippets: readonly Snippet[]): string[] {
  const files = new Map(
    snippets.map((snippet) => [
      join(__dirname, `${snippet.place.replace(/\W/g, '-')}.${snippet.language === 'ts' ? 'mts' : 'tsx'}`),
      snippet,
    ]),
  );
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    ROOT,
  );
  const program = ts.createProgram([...files.keys()], { ...options, paths: sources() }, hostWith(files));
  return [...files].flatMap(([path, { place }]) => {
    const [page, first] = place.split(':');
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, messageText }) => {
        const line = Number(first) + (source?.getLineAndCharacterOfPosition(start).line ?? 0);
        return `${page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      },
    );
  });
}

/** Where the specifiers of package.json have their sources. */
function sources(): Record<string, string[]> {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly exports: Record<string, string | { readonly node: { readonly default: string } }>;
  };
  return Object.fromEntries(
    Object.entries(manifest.exports).flatMap(([path, target]) =>
      typeof target === 'string'
        ? []
        : [
            [
              manifest.name + path.slice(1),
              [join(ROOT, target.node.default.replace(/^\.\/dist\/cjs\/(.*)\.js$/, '$1.ts'))],
            ],
          ],
    ),
  );
}

function hostWith(files: ReadonlyMap<string, Snippet>): ts.CompilerHost {
  const host = ts.createCompilerHost({});
  return {
    ...host,
    fileExists: (path) => files.has(path) || host.fileExists(path),
    readFile: (path) => {
      const snippet = files.get(path);
      return snippet === undefined ? host.readFile(path) : completed(snippet);
    },
    getSourceFile: (path, version) => {
      const snippet = files.get(path);
      return snippet === undefined
        ? host.getSourceFile(path, version)
        : ts.createSourceFile(path, completed(snippet), version, true);
    },
  };
}

/** On one line with the first, so that lines count as on the page. */
function completed({ code }: Snippet): string {
  const own = namesIn(code);
  const others = GIVEN.filter((name) => !own.includes(name));
  return `import { ${others.join(', ')} } from './given.js'; ${code}\nexport {};`;
}

/** The values that a module declares, imports and exports at its top, those of patterns aside. */
function namesIn(code: string): string[] {
  const { statements } = ts.createSourceFile('names.ts', code, ts.ScriptTarget.ES2022, true);
  return statements
    .flatMap((statement): readonly { readonly name: ts.Node }[] => {
      if (ts.isVariableStatement(statement)) return statement.declarationList.declarations;
      if (ts.isFunctionDeclaration(statement) && statement.name !== undefined)
        return [{ name: statement.name }];
      const named = ts.isImportDeclaration(statement)
        ? statement.importClause?.namedBindings
        : ts.isExportDeclaration(statement) && statement.exportClause;
      return named && (ts.isNamedImports(named) || ts.isNamedExports(named))
        ? named.elements.filter((element) => !ts.isTypeOnlyImportOrExportDeclaration(element))
        : [];
    })
    .flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
}
