import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import * as wire from '../src/wire';
import { enumerationName } from '../src/wire/codec/enumeration';
import type { Field } from '../src/wire/codec/fields';
import type { RecordDefinition } from '../src/wire/codec/layout';

// Writes docs/wire.md: what the layouts in src/wire say, and what their comments say about it.
//   npx ts-node scripts/wire-docs.ts

const ROOT = join(__dirname, '..');
export const WIRE_DOCS = join(ROOT, 'docs', 'wire.md');

/** Fields whose bits or customary values have names; their type alone does not say which. */
export const NAMED_VALUES = {
  'CommonHeader.flags': 'HeaderFlag',
  'SessionOpenMetadata.profileId': 'Profile',
  'SessionOpenMetadata.sessionFlags': 'SessionFlag',
  'SessionOpenAckMetadata.acceptedProfileId': 'Profile',
  'SessionOpenAckMetadata.sessionErrorCode': 'SessionErrorCode',
  'SessionOpenAckMetadata.sessionFlagsAck': 'SessionAckFlag',
  'SessionCloseMetadata.sessionErrorCode': 'SessionErrorCode',
  'SessionCloseAckMetadata.sessionErrorCode': 'SessionErrorCode',
  'FrameSubmitMetadata.budgetPolicy': 'BudgetPolicy',
  'FrameSubmitMetadata.lossTolerancePolicy': 'LossTolerance',
  'FrameSubmitMetadata.payloadKindBitmap': 'PayloadKind',
  'ResultPushMetadata.resultFlags': 'ResultFlag',
  'ResultPushMetadata.activeProfileId': 'Profile',
  'ResultPushMetadata.appliedBudgetPolicy': 'BudgetPolicy',
  'ResultPushMetadata.payloadKindBitmap': 'PayloadKind',
  'FlowUpdateMetadata.flowFlags': 'FlowFlag',
  'TypedPayloadDescriptor.profileId': 'Profile',
  'TypedPayloadDescriptor.descriptorFlags': 'DescriptorFlag',
  'TypedPayloadDescriptor.streamSemantics': 'StreamSemantics',
  'SchemaDescriptorHeader.profileId': 'Profile',
  'SchemaDescriptorHeader.schemaFlags': 'SchemaFlag',
  'SchemaDescriptorHeader.defaultStreamSemantics': 'StreamSemantics',
} as const satisfies Readonly<Record<string, keyof typeof wire>>;

type Values = Readonly<Record<string, number>>;

interface SourceNotes {
  /** The comment above the record. */
  readonly summary: string;
  /** The file, from the repository's root. */
  readonly file: string;
  /** The comments above its fields, by field. */
  readonly fields: ReadonlyMap<string, string>;
  /** What its rules say when they are broken. */
  readonly rules: readonly string[];
}

/** The text of docs/wire.md. */
export function wireDocs(): string {
  const sources = parsedSources();
  const notes = recordNotes(sources);
  const records: readonly RecordDefinition[] = Object.values(wire.records).map(
    ({ definition }) => definition,
  );
  const enumerations = new Set(
    records.flatMap(({ fields }) =>
      Object.values(fields).flatMap((field) => (field.kind === 'enum' ? [field.values] : [])),
    ),
  );
  const parts = [
    '# The wire: NNRP/1 preview3',
    'Written by `scripts/wire-docs.ts` from the layouts in `src/wire`; `npx ts-node scripts/wire-docs.ts` writes ' +
      'it anew. Integers are little-endian; offsets and lengths are in bytes; u64 fields are `bigint`.',
    'A reader checks length, magic, reserved places, masks and flags, enumerations, and then the rules that span ' +
      'fields; the header checks its version, format and length before its flags. A writer applies the same checks.',
    `A \`PacketDecoder\` takes at most ${wire.DEFAULT_PACKET_LIMITS.maxMetadataBytes} bytes of metadata and ` +
      `${wire.DEFAULT_PACKET_LIMITS.maxBodyBytes} bytes of body in one packet unless told otherwise.`,
    '## Message types',
    messageTable(),
    '## Records',
    ...records.flatMap((definition) => recordSection(definition, notes.get(definition.name))),
    '## Enumerations',
    'A field of these takes no other value.',
    valueList((values) => enumerations.has(values)),
    '## Bits, codes and customary values',
    'A mask takes no other bits; other codes and values pass.',
    valueList((values) => !enumerations.has(values)),
    '## Errors',
    'The `fault` of an `NnrpError` by `kind`, with its particulars.',
    faultTable(sources),
  ];
  return `${parts.join('\n\n')}\n`;
}

function messageTable(): string {
  const rows = Object.values(wire.MessageType).map((type) => {
    const record = wire.preview3.metadata.get(type);
    const none = wire.preview3.headerOnly.has(type) ? 'none, nor a body' : 'none';
    return [
      hex(type, 2),
      wire.messageTypeName(type),
      record === undefined ? none : link(record.name),
      record?.length ?? 0,
    ];
  });
  return table(['code', 'name', 'metadata', 'length'], rows);
}

function recordSection(definition: RecordDefinition, notes: SourceNotes | undefined): string[] {
  if (notes === undefined) throw new Error(`${definition.name} has no record() of its name in src/wire`);
  const { name, length, fields, reserved = {}, magic = [] } = definition;
  const places = [
    ...Object.entries(fields).map(([field, place]) => ({
      field: `\`${field}\``,
      place,
      rule: fieldRule(name, field, place, notes),
    })),
    ...Object.values(reserved).map((place) => ({ field: '', place, rule: 'reserved, 0' })),
  ].sort((a, b) => a.place.offset - b.place.offset);
  const rows = places.map(({ field, place, rule }) => [place.offset, field, `u${8 * place.width}`, rule]);
  if (magic.length > 0)
    rows.unshift([0, '', `${magic.length} × u8`, `ASCII \`${String.fromCharCode(...magic)}\``]);
  return [
    `### ${name}`,
    `${length} bytes, \`${notes.file}\`. ${notes.summary}`,
    table(['offset', 'field', 'type', 'rule'], rows),
    ...(notes.rules.length === 0 ? [] : [`Rules:\n\n${notes.rules.map((rule) => `- ${rule}`).join('\n')}`]),
  ];
}

function fieldRule(record: string, name: string, field: Field, notes: SourceNotes): string {
  const named = (NAMED_VALUES as Readonly<Record<string, string>>)[`${record}.${name}`];
  const valueRule = {
    number: () => named ?? '',
    enum: () => keyOf(field.kind === 'enum' ? field.values : {}),
    mask: () =>
      `${field.kind === 'mask' ? `bits ${hex(field.allowed)}` : ''}${named === undefined ? '' : `, ${named}`}`,
    zero: () => '0',
    flag: () => '0 or 1, a boolean',
  }[field.kind]();
  return [valueRule, notes.fields.get(name)?.replace(/\.$/, '') ?? '']
    .filter((text) => text !== '')
    .join('; ');
}

/** Every exported set of named numbers that `belongs`, one a line. */
function valueList(belongs: (values: Values) => boolean): string {
  return namedNumbers()
    .filter(([, values]) => belongs(values))
    .map(([name, values]) => {
      const protocolName = isEnumeration(values) ? ` (${enumerationName(values)})` : '';
      const each = Object.entries(values).map(
        ([key, value]) => `${key} ${value > 0xff ? hex(value) : value}`,
      );
      return `- **${name}**${protocolName}: ${each.join(', ')}`;
    })
    .join('\n');
}

/** The exports of src/wire that are objects of numbers. */
function namedNumbers(): [string, Values][] {
  return Object.entries(wire as unknown as Readonly<Record<string, unknown>>)
    .filter((entry): entry is [string, Values] => {
      const [, value] = entry;
      return (
        typeof value === 'object' &&
        Object.getPrototypeOf(value) === Object.prototype &&
        value !== wire.DEFAULT_PACKET_LIMITS &&
        Object.values(value as object).every((each) => typeof each === 'number')
      );
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function isEnumeration(values: Values): boolean {
  return enumerationName(values) !== enumerationName({});
}

function keyOf(values: Values): string {
  return namedNumbers().find(([, candidate]) => candidate === values)?.[0] ?? enumerationName(values);
}

function faultTable(sources: readonly ts.SourceFile[]): string {
  const rows: string[][] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeAliasDeclaration(node) && node.name.text === 'NnrpFault' && ts.isUnionTypeNode(node.type)) {
      for (const member of node.type.types.filter(ts.isTypeLiteralNode)) {
        const [kind, ...particulars] = member.members.filter(ts.isPropertySignature);
        const properties = particulars.map(
          (each) => `\`${each.name.getText()}: ${each.type?.getText() ?? ''}\``,
        );
        rows.push([
          kind?.type?.getText().replaceAll("'", '') ?? '',
          properties.join(', ').replaceAll('|', '\\|'),
        ]);
      }
    }
    ts.forEachChild(node, visit);
  };
  sources.forEach(visit);
  return table(['kind', 'particulars'], rows);
}

function recordNotes(sources: readonly ts.SourceFile[]): Map<string, SourceNotes> {
  const notes = new Map<string, SourceNotes>();
  for (const source of sources) {
    for (const statement of source.statements.filter(ts.isVariableStatement)) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (initializer === undefined || !ts.isCallExpression(initializer)) continue;
        const [definition] = initializer.arguments;
        if (initializer.expression.getText() !== 'record' || definition === undefined) continue;
        notes.set(name.getText(), {
          summary: commentOf(statement),
          file: relative(ROOT, source.fileName),
          fields: fieldComments(definition),
          rules: brokenRules(definition),
        });
      }
    }
  }
  return notes;
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

/** The texts of all `breaksRule('…')` in a definition. */
function brokenRules(definition: ts.Node): string[] {
  const rules: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'breaksRule') {
      const [rule] = node.arguments;
      if (rule !== undefined && ts.isStringLiteralLike(rule)) rules.push(rule.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(definition);
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

function parsedSources(): ts.SourceFile[] {
  const folder = join(ROOT, 'src', 'wire');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join(folder, file))
    .map((file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true));
}

/** A table as prettier lays it out. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [first = [], ...rest] = cells.map(line);
  return [first, rule, ...rest].join('\n');
}

function link(record: string): string {
  return `[${record}](#${record.toLowerCase()})`;
}

function hex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

if (require.main === module) writeFileSync(WIRE_DOCS, wireDocs());
