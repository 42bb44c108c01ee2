// Completes the ES module build: sources import './foo', and while a bundler guesses the rest, browsers,
// Node and Deno resolve a specifier as it is written. So every relative specifier in dist/esm becomes
// the file it means ('./foo.js' or './foo/index.js'), and the folder is marked as ES modules. A specifier
// that means no file fails the build. Each entry point gets a declaration of its own format, which passes on
// those that there are.
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const root = 'dist/esm';

/** The string literals of a file that name another module. */
function moduleSpecifiers(sourceFile) {
  const found = [];
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      found.push(node.moduleSpecifier);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      found.push(node.arguments[0]);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push(node.argument.literal);
    }
    ts.forEachChild(node, visit);
  };
  visit(sourceFile);
  return found.filter((node) => ts.isStringLiteral(node) && /^\.\.?(\/|$)/.test(node.text));
}

function complete(specifier, fromFile) {
  const target = join(dirname(fromFile), specifier);
  if (/\.js$/.test(specifier) && existsSync(target)) return specifier;
  if (existsSync(`${target}.js`)) return `${specifier}.js`;
  if (existsSync(join(target, 'index.js'))) return `${specifier.replace(/\/$/, '')}/index.js`;
  throw new Error(`${fromFile} imports '${specifier}', which is no module in ${root}`);
}

let rewritten = 0;
for (const name of readdirSync(root, { recursive: true })) {
  const file = join(root, name);
  if (!name.endsWith('.js') || !statSync(file).isFile()) continue;
  let text = readFileSync(file, 'utf8');
  const sourceFile = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  // From the end, so that the positions of the earlier ones stay true.
  for (const node of moduleSpecifiers(sourceFile).reverse()) {
    text = `${text.slice(0, node.getStart() + 1)}${complete(node.text, file)}${text.slice(node.getEnd() - 1)}`;
    rewritten += 1;
  }
  writeFileSync(file, text);
}

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const entry of Object.values(exports)) {
  if (typeof entry === 'string') continue;
  for (const { require: cjs, default: esm } of [entry, entry.browser].filter(
    (target) => target !== undefined,
  )) {
    const declared = relative(dirname(esm.types), cjs.types);
    writeFileSync(esm.types, `export * from '${declared.replace(/\.d\.ts$/, '.js')}';\n`);
  }
}

// A bundler reads the nearest package.json: without sideEffects here it would no longer drop what is unused.
writeFileSync(join(root, 'package.json'), `${JSON.stringify({ type: 'module', sideEffects: false })}\n`);
console.log(`${root}: ${rewritten} specifiers completed`);
