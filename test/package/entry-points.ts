import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { repository } from './run';

/** A module specifier a user may write, and what its source says it exports. */
export interface EntryPoint {
  /** `nnrp-rx`, `nnrp-rx/wire`, … */
  readonly specifier: string;
  /** `wire/index` under dist/cjs and dist/esm. */
  readonly module: string;
  /** Names that exist when the program runs. */
  readonly values: readonly string[];
  /** Names that are types only. */
  readonly types: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly exports: Record<string, string | { readonly node: { readonly default: string } }>;
}

/** The entry points of package.json, with their exports read from the TypeScript sources. */
export function entryPoints(): EntryPoint[] {
  const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest;
  const modules = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [{ path, module: target.node.default.replace(/^\.\/dist\/cjs\/(.*)\.js$/, '$1') }],
  );
  const files = modules.map(({ module }) => join(repository, `${module}.ts`));
  const config = ts.getParsedCommandLineOfConfigFile(
    join(repository, 'tsconfig.build.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
      },
    },
  );
  const program = ts.createProgram(files, config?.options ?? {});
  const checker = program.getTypeChecker();

  return modules.map(({ path, module }, index) => {
    const file = files[index] ?? '';
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    if (!symbol) throw new Error(`${path} of package.json stands for ${file}, which is no module`);
    const values: string[] = [];
    const types: string[] = [];
    for (const exported of checker.getExportsOfModule(symbol)) {
      (isValue(checker, exported) ? values : types).push(exported.name);
    }
    return {
      specifier: manifest.name + path.slice(1),
      module,
      values: values.sort(),
      types: types.sort(),
    };
  });
}

/** Whether a name is there at run time: an `export type { … }` of a class is not. */
function isValue(checker: ts.TypeChecker, exported: ts.Symbol): boolean {
  let symbol = exported;
  while (symbol.flags & ts.SymbolFlags.Alias) {
    if (symbol.declarations?.some(ts.isTypeOnlyImportOrExportDeclaration)) return false;
    const next = checker.getImmediateAliasedSymbol(symbol);
    if (!next) break;
    symbol = next;
  }
  return (symbol.flags & ts.SymbolFlags.Value) !== 0;
}
