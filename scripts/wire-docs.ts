import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import * as wire from '../src/wire';
import { enumerationKey, enumerationName } from '../src/wire/codec/enumeration';
import type { Field } from '../src/wire/codec/fields';
import type { RecordDefinition } from '../src/wire/codec/layout';
import { row, type MessageRow, type Revision } from '../src/wire/revision';
import { table } from './markdown-table';
import {
  IN_PREVIEW4,
  notesOf,
  parsedSources,
  recordNotes,
  ROOT,
  type AllNotes,
  type SourceNotes,
} from './wire-notes';

// Writes docs/wire.md: what the layouts in src/wire say, and what their comments say about it.
//   npx ts-node scripts/wire-docs.ts

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
  'ControlRequestMetadata.reasonCode': 'ControlReason',
  'ControlRequestMetadata.sourceRole': 'RuntimeRole',
  'ControlRequestMetadata.flags': 'ControlRequestFlag',
  'SupersedeMetadata.dropReasonCode': 'DropReason',
  'SupersedeMetadata.flags': 'SupersedeFlag',
  'SchedulingMetadata.flags': 'SchedulingFlag',
  'BudgetMetadata.flags': 'BudgetFlag',
  'ProgressMetadata.stageCode': 'StageCode',
  'PartialResultMetadata.flags': 'PartialResultFlag',
  'PressureMetadata.pressureLevel': 'PressureLevel',
  'PressureMetadata.pressureReason': 'PressureReason',
  'PressureMetadata.flags': 'PressureFlag',
  'RetryAfterMetadata.reasonCode': 'ControlReason',
  'RetryAfterMetadata.sourceRole': 'RuntimeRole',
  'RetryAfterMetadata.flags': 'PressureFlag',
  'CapabilityMetadata.costModelId': 'CostModel',
  'CapabilityMetadata.flags': 'CapabilityFlag',
  'RouteHintMetadata.executorClass': 'ExecutorClass',
  'RouteHintMetadata.affinityClass': 'AffinityClass',
  'RouteHintMetadata.flags': 'RouteHintFlag',
  'TraceContextMetadata.stageCode': 'StageCode',
  'TraceContextMetadata.flags': 'TraceFlag',
  'ResultDropReasonMetadata.dropReasonCode': 'DropReason',
  'ResultDropReasonMetadata.sourceRole': 'RuntimeRole',
  'ResultDropReasonMetadata.flags': 'ResultDropFlag',
  'RecoverableErrorMetadata.sourceRole': 'RuntimeRole',
  'RecoverableErrorMetadata.flags': 'RecoverableErrorFlag',
  'ObjectReferenceMetadata.flags': 'ObjectReferenceFlag',
  'ObjectDeltaMetadata.flags': 'ObjectDeltaFlag',
  'CacheReferenceMetadata.flags': 'CacheReferenceFlag',
  'TensorSectionDescriptor.sectionFlags': 'TensorSectionFlag',
} as const satisfies Readonly<Record<string, keyof typeof wire>>;

type Values = Readonly<Record<string, number>>;
type WireRecord = wire.WireRecord<unknown>;

/** The text of docs/wire.md. */
export function wireDocs(): string {
  const sources = parsedSources();
  const notes = recordNotes(sources);
  const ofPreview4 = Object.entries<WireRecord>(wire.preview4.records).filter(
    ([name, record]) => (wire.preview3.records as Readonly<Record<string, unknown>>)[name] !== record,
  );
  const enumerations = new Set(
    [...Object.values<WireRecord>(wire.preview3.records), ...ofPreview4.map(([, record]) => record)].flatMap(
      ({ definition }) =>
        Object.values(definition.fields).flatMap((field) => (field.kind === 'enum' ? [field.values] : [])),
    ),
  );
  const parts = [
    '# The wire: NNRP/1 preview3 and preview4',
    'Written by `scripts/wire-docs.ts` from the layouts in `src/wire`; `npx ts-node scripts/wire-docs.ts` writes ' +
      'it anew. Integers are little-endian; offsets and lengths are in bytes; u64 fields are `bigint`.',
    'A reader checks length, magic, reserved places, masks and flags, enumerations, and then the rules that span ' +
      'fields; the header checks its version, format and length before its flags, and records that say so check ' +
      'masks before reserved places. A writer applies the same checks.',
    `A \`PacketDecoder\` takes at most ${wire.DEFAULT_PACKET_LIMITS.maxMetadataBytes} bytes of metadata and ` +
      `${wire.DEFAULT_PACKET_LIMITS.maxBodyBytes} bytes of body in one packet unless told otherwise.`,
    '## Messages of preview3',
    'What a body is: the payload, ignored, none, or as long as fields of the metadata say. What names an ' +
      "operation: the header's frame id, or a field of the metadata. What counts arrives exactly once, across " +
      'resumes.',
    messageTable(wire.preview3),
    '## Messages of preview4',
    'Those that preview3 does not have, or has otherwise; the others are as above.',
    messageTable(wire.preview4, wire.preview3),
    '## Records',
    ...Object.entries<WireRecord>(wire.preview3.records).flatMap(([name, { definition }]) =>
      recordSection(name, definition, notes),
    ),
    '## Records of preview4',
    'Those that preview3 does not have, or has otherwise.',
    ...ofPreview4.flatMap(([name, { definition }]) =>
      recordSection(name in wire.preview3.records ? `${name}${IN_PREVIEW4}` : name, definition, notes),
    ),
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

/** A revision's rows; those alone that differ from what was `before`, where that is given. */
function messageTable({ messages }: Revision, before?: Revision): string {
  const rows = messages.flatMap((each, type) => {
    if (each === undefined) return [];
    const columns = messageColumns(each, before !== undefined);
    const earlier = before?.messages[type];
    if (earlier !== undefined && String(messageColumns(earlier, true)) === String(columns)) {
      if (earlier.record === each.record) return [];
    }
    return [[hex(type, 2), wire.messageTypeName(type), ...columns]];
  });
  return table(
    ['code', 'name', 'metadata', 'length', 'sender', 'scope', 'operation', 'body', 'rate', 'counted'],
    rows,
  );
}

function messageColumns(each: MessageRow, isPreview4: boolean): (string | number)[] {
  const { record, sender, scope, operation, body, rate, counted, mostBody } = each;
  const most = mostBody === Infinity ? '' : `, ${mostBody} at most`;
  const isOther = isPreview4 && Object.values<unknown>(wire.preview3.records).every((one) => one !== record);
  return [
    record === undefined ? 'none' : link(record.name, isOther),
    record?.length ?? 0,
    sender,
    scope,
    operation === 'none' || operation === 'frame' ? operation : `\`${operation}\``,
    typeof body === 'string' ? body : body.map((field) => `\`${field}\``).join(' + ') + most,
    rate,
    counted,
  ];
}

function recordSection(title: string, definition: RecordDefinition, all: AllNotes): string[] {
  const { name, length, fields, reserved = {}, magic = [] } = definition;
  const notes = notesOf(title, all);
  const places = [
    ...Object.entries(fields).map(([field, place]) => ({
      field: `\`${field}\``,
      place,
      rule: fieldRule(name, field, place, notes),
    })),
    ...Object.values(reserved).map((place) => ({ field: '', place, rule: 'reserved, 0' })),
  ].sort((a, b) => a.place.offset - b.place.offset);
  const rows = places.map(({ field, place, rule }) => [place.offset, field, typeOf(place), rule]);
  if (magic.length > 0)
    rows.unshift([0, '', `${magic.length} × u8`, `ASCII \`${String.fromCharCode(...magic)}\``]);
  const order = definition.checkedFirst === 'masks' ? ' Masks are checked before reserved places.' : '';
  const rules = [...notes.rules, ...rulesByType(definition, all)];
  return [
    `### ${title}`,
    `${length} bytes, \`${notes.file}\`. ${notes.summary}${order}`,
    table(['offset', 'field', 'type', 'rule'], rows),
    ...(rules.length === 0 ? [] : [`Rules:\n\n${rules.map((rule) => `- ${rule}`).join('\n')}`]),
  ];
}

function typeOf({ kind, width }: Field): string {
  return `${kind === 'signed' ? 'i' : 'u'}${8 * width}`;
}

/** What the table of messages adds to a record's rules. */
function rulesByType(definition: RecordDefinition, { functions }: AllNotes): readonly string[] {
  const { messages } = wire.preview4;
  const has = messages.find((each) => each?.record?.definition === definition);
  const isEmpty = has === undefined || has.checkRules === EMPTY_ROW.checkRules;
  return isEmpty ? [] : (functions.get(has.checkRules.name) ?? []);
}

const EMPTY_ROW = row(undefined, 'both', 'any', 'none', 'none', 'end', 'uncounted', '');

function fieldRule(record: string, name: string, field: Field, notes: SourceNotes): string {
  const named = (NAMED_VALUES as Readonly<Record<string, string>>)[`${record}.${name}`];
  const valueRule = {
    number: () => named ?? '',
    signed: () => '',
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
  const named = namedNumbers();
  const exact = named.find(([, candidate]) => candidate === values)?.[0];
  if (exact !== undefined) return exact;
  const name = enumerationName(values);
  const [whole, all] = named.find(([, candidate]) => enumerationName(candidate) === name) ?? [name, values];
  const missing = Object.values(all).filter((value) => enumerationKey(values, value) === undefined);
  return `${whole} without ${missing.map((value) => enumerationKey(all, value) ?? value).join(', ')}`;
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

function link(record: string, isOther: boolean): string {
  const title = isOther && record in wire.preview3.records ? `${record}${IN_PREVIEW4}` : record;
  return `[${record}](#${title.toLowerCase().replaceAll(' ', '-')})`;
}

function hex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

if (require.main === module) writeFileSync(WIRE_DOCS, wireDocs());
