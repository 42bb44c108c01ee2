import {
  failDestination,
  failMagic,
  failRange,
  failReserved,
  failSource,
  failValue,
  knownValues,
  MAX_OF_WIDTH,
  planOf,
  signedRange,
  zeroOf,
  type NamedField,
} from './checks';
import type { Enumeration } from './enumeration';
import type { Field } from './fields';
import type { Codec, Layout, LayoutValue, RecordDefinition } from './layout';
import { highWord, isU64, joinU64, lowWord } from './u64';
import { valuePrototype } from './value-prototype';

/**
 * Turns a layout into straight-line code, once, when the record is defined: an object of
 * constant shape decodes some ten times faster than a loop over fields. Only names and numbers of the
 * definition get into the source, never anything that came over a wire. Undefined where the host
 * forbids generated code (a strict content security policy); the loop takes over there.
 */
export function compileCodec<const L extends Layout>(
  definition: RecordDefinition<L>,
): Codec<LayoutValue<L>> | undefined {
  type Value = LayoutValue<L>;
  if (!generatesCode()) return undefined;
  const plan = planOf(definition as unknown as RecordDefinition);
  const { rules } = definition;
  const context = {
    first: definition.first,
    rules,
    reserved: plan.reserved,
    fields: plan.fields,
    known: plan.fields.map(({ field }) => (field.kind === 'enum' ? knownValues(field) : undefined)),
    failSource,
    failDestination,
    failMagic,
    failReserved,
    failRange,
    failValue,
    isU64,
    joinU64,
    lowWord,
    highWord,
    prototype: valuePrototype(definition.fields),
  };
  const names = Object.keys(context).join(', ');
  const source = `
    "use strict";
    const { ${names} } = context;
    ${constructorSource(plan)}
    return {
      decode(b, at) {
        ${checkSource(definition, plan)}
        const v = ${valueSource(plan)};
        ${rules === undefined ? '' : 'rules(v);'}
        return v;
      },
      check(b, at) {
        ${checkSource(definition, plan)}
        ${rules === undefined ? '' : `rules(${valueSource(plan)});`}
      },
      read: {
        ${plan.fields.map(({ name, field }) => `${name}: (b, at = 0) => ${readValue(field)}`).join(', ')}
      },
      encodeInto(v, b, at) {
        ${encodeSource(definition, plan)}
      },
      of(v) {
        return new Value(${plan.fields.map(({ name, field }) => `v.${name} === undefined ? ${literal(zeroOf(field))} : v.${name}`).join(', ')});
      },
    };`;
  const make = new Function('context', source) as (given: typeof context) => Codec<Value>;
  return make(context);
}

let generates: boolean | undefined;

/** Whether the host compiles strings. Asked once: a browser reports each attempt that its policy forbids. */
export function generatesCode(): boolean {
  if (generates === undefined) {
    try {
      generates = (new Function('return true') as () => unknown)() === true;
    } catch {
      generates = false;
    }
  }
  return generates;
}

type Plan = ReturnType<typeof planOf>;
type Definition = Pick<RecordDefinition, 'length' | 'magic' | 'first' | 'checkedFirst'> & {
  readonly rules?: unknown;
};

/** What is judged of bytes alone; the words of masks and enumerations are kept in variables. */
function checkSource({ length, magic = [], first, checkedFirst }: Definition, plan: Plan): string {
  const reserved = plan.reserved.map(
    ({ field }, index) => `if (${isNotZero(field)}) failReserved(reserved[${index}]);`,
  );
  const values = (fields: readonly NamedField[]): string[] =>
    fields.map((named) => {
      const x = local(plan, named);
      return `const ${x} = ${read(named.field)}; ${valueCheck(plan, named, x)}`;
    });
  const masks = values(plan.masks);
  return [
    `if (${isTooShort(length)}) failSource(${length}, b, at);`,
    ...magic.map((byte, index) => `if (b[${at(index)}] !== ${byte}) failMagic();`),
    first === undefined ? '' : 'first(b, at);',
    ...(checkedFirst === 'masks' ? [...masks, ...reserved] : [...reserved, ...masks]),
    ...values(plan.enums),
  ].join('\n');
}

/** The value, where {@link checkSource} stands before it. */
function valueSource(plan: Plan): string {
  const checked = new Set([...plan.masks, ...plan.enums]);
  const value = (named: NamedField): string => {
    if (!checked.has(named)) return readValue(named.field);
    return named.field.kind === 'flag' ? `${local(plan, named)} === 1` : local(plan, named);
  };
  return `new Value(${plan.fields.map(value).join(', ')})`;
}

/** As fast as an object literal, which cannot say cheaply what it inherits from. */
function constructorSource({ fields }: Plan): string {
  const names = fields.map(({ name }) => name);
  return `
    function Value(${names.join(', ')}) { ${names.map((name) => `this.${name} = ${name};`).join(' ')} }
    Value.prototype = prototype;`;
}

/** The variable of a field's word. */
function local(plan: Plan, named: NamedField): string {
  return `x${plan.fields.indexOf(named)}`;
}

function encodeSource({ length, magic = [], rules }: Definition, plan: Plan): string {
  return [
    `if (${isTooShort(length)}) failDestination(${length}, b, at);`,
    ...plan.fields.map(
      (named, index) => `const ${local(plan, named)} = ${encoded(named)}; ${rangeCheck(named, index)}`,
    ),
    ...[...plan.masks, ...plan.enums].map((named) => valueCheck(plan, named, local(plan, named))),
    rules === undefined ? '' : 'rules(v);',
    ...unnamed(plan, length, magic.length).map((offset) => `b[${at(offset)}] = 0;`),
    ...magic.map((byte, index) => `b[${at(index)}] = ${byte};`),
    ...plan.fields.map((named) => write(named.field, local(plan, named))),
  ].join('\n');
}

/** The bytes that no field writes. One by one: they are few, and `fill` costs more than all the rest. */
function unnamed({ fields }: Plan, length: number, start: number): number[] {
  const offsets = Array.from({ length: length - start }, (_, index) => start + index);
  return offsets.filter(
    (offset) => !fields.some(({ field }) => offset >= field.offset && offset < field.offset + field.width),
  );
}

function readValue(field: Field): string {
  if (field.kind === 'flag') return `(${read(field)}) === 1`;
  return field.kind === 'signed' ? signed(field) : read(field);
}

/** The top bit is moved to where the host has its sign, and back. */
function signed(field: Field): string {
  const spare = 32 - 8 * field.width;
  return `(${read(field)}) << ${spare} >> ${spare}`;
}

function encoded({ name, field }: NamedField): string {
  return field.kind === 'flag' ? `v.${name} === true ? 1 : v.${name} === false ? 0 : undefined` : `v.${name}`;
}

function rangeCheck({ name, field }: NamedField, index: number): string {
  const x = `x${index}`;
  const fails = `failRange(fields[${index}], v.${name});`;
  if (field.kind === 'signed') {
    const { min, max } = signedRange(field.width);
    return `if (typeof ${x} !== "number" || (${x} | 0) !== ${x} || ${x} < ${min} || ${x} > ${max}) ${fails}`;
  }
  if (field.width === 8) return `if (!isU64(${x})) ${fails}`;
  const tooLarge = field.width === 4 ? '' : ` || ${x} > ${MAX_OF_WIDTH[field.width]}`;
  return `if (typeof ${x} !== "number" || (${x} >>> 0) !== ${x}${tooLarge}) ${fails}`;
}

function valueCheck(plan: Plan, named: NamedField, x: string): string {
  const index = plan.fields.indexOf(named);
  const fails = `failValue(fields[${index}], ${x});`;
  switch (named.field.kind) {
    case 'mask':
      return `if ((${x} & ${~named.field.allowed}) !== 0) ${fails}`;
    case 'enum':
      return `if (${isUnknown(named.field.values, index, x)}) ${fails}`;
    case 'flag':
      return `if (${x} > 1) ${fails}`;
    case 'zero':
      return `if (${x} !== 0) ${fails}`;
    case 'number':
    case 'signed':
      return '';
  }
}

/** A small enumeration is a word of bits; any other asks a function. */
function isUnknown(values: Enumeration, index: number, x: string): string {
  const known = Object.values(values);
  if (Math.max(...known) > 31) return `!known[${index}](${x})`;
  const bits = known.reduce((mask, value) => mask | (1 << value), 0);
  return `${x} > 31 || (${bits} >>> ${x} & 1) === 0`;
}

function literal(value: number | bigint | boolean): string {
  return typeof value === 'bigint' ? `${value}n` : `${value}`;
}

/** Negated, so that NaN (an offset that is no number, a source that is no array) is too short as well. */
function isTooShort(length: number): string {
  return `!(b.length - at >= ${length} && at >= 0 && Number.isInteger(at))`;
}

function at(offset: number): string {
  return offset === 0 ? 'at' : `at + ${offset}`;
}

function isNotZero({ offset, width }: Field): string {
  return `(${Array.from({ length: width }, (_, index) => `b[${at(offset + index)}]`).join(' | ')}) !== 0`;
}

function read({ offset, width }: Field): string {
  const byte = (index: number) => `b[${at(offset + index)}]`;
  const word = (index: number) =>
    `(${byte(index)} | ${byte(index + 1)} << 8 | ${byte(index + 2)} << 16 | ${byte(index + 3)} << 24) >>> 0`;
  switch (width) {
    case 1:
      return byte(0);
    case 2:
      return `${byte(0)} | ${byte(1)} << 8`;
    case 4:
      return word(0);
    case 8:
      return `joinU64(${word(0)}, ${word(4)})`;
  }
}

function write({ offset, width }: Field, x: string): string {
  const bytes = (value: string, from: number, count: number) =>
    Array.from(
      { length: count },
      (_, index) => `b[${at(from + index)}] = ${index === 0 ? value : `${value} >>> ${8 * index}`};`,
    ).join(' ');
  if (width !== 8) return bytes(x, offset, width);
  return `{ const low = lowWord(${x}), high = highWord(${x}); ${bytes('low', offset, 4)} ${bytes('high', offset + 4, 4)} }`;
}
