import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSourceFile, forEachChild, isCallExpression, ScriptTarget, type Node } from 'typescript';

/**
 * The tests of a file, and how many lines each takes: from `it(` to its end, the table of an `each` aside.
 */
function testsOf(file: string): readonly { readonly name: string; readonly lines: number }[] {
  const source = createSourceFile(
    file,
    readFileSync(join(__dirname, file), 'utf8'),
    ScriptTarget.ES2022,
    true,
  );
  const lineOf = (at: number): number => source.getLineAndCharacterOfPosition(at).line;
  const found: { name: string; lines: number }[] = [];
  const visit = (node: Node): void => {
    if (isCallExpression(node) && /^it([.]each\b.*)?$/s.test(node.expression.getText(source))) {
      const [title] = node.arguments;
      const name = title?.getText(source) ?? '';
      if (!node.expression.getText(source).endsWith('each')) {
        const start = lineOf(title?.getStart(source) ?? node.getStart(source));
        found.push({ name: `${file}: ${name}`, lines: lineOf(node.getEnd()) - start + 1 });
      }
    }
    forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('a flow test', () => {
  const files = readdirSync(__dirname).filter((file) => file.endsWith('.spec.ts'));
  const tests = files.filter((file) => join(__dirname, file) !== __filename).flatMap(testsOf);

  it('is under ten lines, every one of them', () => {
    expect(tests.length).toBeGreaterThan(150);
    expect(tests.filter(({ lines }) => lines >= 10)).toEqual([]);
  });
});
