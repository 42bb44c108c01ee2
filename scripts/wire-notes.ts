import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

// What the sources in src/wire say of its records, for docs/wire.md.

export const ROOT = join(__dirname, '..');

export interface SourceNotes {
  /** The comment above the record. */
  readonly summary: string;
  /** The file, from the repository's root. */
  readonly file: string;
  /** The comments above its fields, by field. */
  readonly fields: ReadonlyMap<string, string>;
  /** What its rules say when they are broken. */
  readonly rules: readonly string[];
}

/** What the sources say, by the name of a record and of a function that checks one. */
export interface AllNotes {
  readonly records: ReadonlyMap<string, readonly SourceNotes[]>;
  readonly functions: ReadonlyMap<string, readonly string[]>;
}

export function recordNotes(sources: readonly ts.SourceFile[]): AllNotes {
  const functions = new Map<string, readonly string[]>();
  for (const source of sources) {
    for (const each of source.statements.filter(ts.isFunctionDeclaration)) {
      if (each.name !== undefined) functions.set(each.name.text, brokenRules(each, new Map()));
    }
  }
  const records = new Map<string, SourceNotes[]>();
  for (const source of sources) {
    for (const statement of source.statements.filter(ts.isVariableStatement)) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (initializer === undefined || !ts.isCallExpression(initializer)) continue;
        const definition = initializer.arguments.at(-1);
        const maker = initializer.expression.getText();
        if ((maker !== 'record' && maker !== 'revised') || definition === undefined) continue;
        const others = records.get(name.getText()) ?? [];
        records.set(name.getText(), [
          ...others,
          {
            summary: commentOf(statement),
            file: relative(ROOT, source.fileName),
            fields: fieldComments(definition),
            rules: brokenRules(definition, functions),
          },
        ]);
      }
    }
  }
  return { records, functions };
}

/** What ends the title of a record that preview3 has otherwise. */
export const IN_PREVIEW4 = ' of preview4';

/** The notes of a record; a revised one has those of its base where it says nothing itself. */
export function notesOf(title: string, { records }: AllNotes): SourceNotes {
  const name = title.replace(IN_PREVIEW4, '');
  const all = records.get(name) ?? [];
  const base = all.find(({ file }) => !/preview[34]/.test(file)) ?? all[0];
  if (base === undefined) throw new Error(`${name} has no record() of its name in src/wire`);
  // The header is whole in preview4, and has fewer types in preview3.
  const folder = name === 'CommonHeader' ? (title === name ? 'preview3' : 'header') : 'preview4';
  const own =
    title === name && name !== 'CommonHeader' ? base : all.find(({ file }) => file.includes(folder));
  if (own === undefined || own === base) return base;
  return {
    summary: own.summary,
    file: own.file,
    fields: new Map([...base.fields, ...own.fields]),
    rules: own.rules.length === 0 ? base.rules : own.rules,
  };
}

function fieldComments(definition: ts.Expression): Map<string, string> {
  const comments = new Map<string, string>();
  if (!ts.isObjectLiteralExpression(definition)) return comments;
  const fields = definition.properties.find((property) => property.name?.getText() === 'fields');
  if (fields === undefined || !ts.isPropertyAssignment(fields)) return comments;
  if (!ts.isObjectLiteralExpression(fields.initializer)) return comments;
  for (const field of fields.initializer.properties)
    comments.set(field.name?.getText() ?? '', commentOf(field));
  return comments;
}

/** The texts of all `breaksRule('…')` in a node, and in the functions that it names. */
function brokenRules(node: ts.Node, functions: ReadonlyMap<string, readonly string[]>): string[] {
  const rules: string[] = [];
  const visit = (each: ts.Node): void => {
    if (ts.isCallExpression(each) && each.expression.getText() === 'breaksRule') {
      // What says it in full is last.
      const rule = each.arguments.at(-1);
      if (rule !== undefined && ts.isStringLiteralLike(rule)) rules.push(rule.text);
    } else if (ts.isIdentifier(each)) {
      rules.push(...(functions.get(each.text) ?? []));
    }
    ts.forEachChild(each, visit);
  };
  visit(node);
  return rules;
}

/** The text of a node's documentation comment, on one line, without its tags. */
function commentOf(node: ts.Node): string {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return comments
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replaceAll(/\s+/g, ' ');
}

export function parsedSources(): ts.SourceFile[] {
  const folder = join(ROOT, 'src', 'wire');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join(folder, file))
    .map((file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true));
}
