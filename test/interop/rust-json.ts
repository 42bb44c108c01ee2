/** Strings that stand for a u64 in an answer: JSON numbers would lose their low bits. */
const U64_FIELDS: ReadonlySet<string> = new Set([
  'active_lane_mask',
  'client_migrate_ts_us',
  'client_send_ts_us',
  'client_session_tag',
  'effective_lane_mask',
  'last_operation_id',
  'last_result_frame_id',
  'operation_id',
  'resume_from_frame_id',
  'server_migrate_ts_us',
  'server_recv_ts_us',
  'server_session_tag',
  'trace_id',
]);

/** Strings that stand for bytes in an answer. */
const HEX_FIELDS: ReadonlySet<string> = new Set(['body', 'bytes', 'metadata']);

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** The JSON of a command's argument: snake_case names, bigint as a decimal string, bytes as hex. */
export function toRustJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, entry]) => [String(key), toRustJson(entry)]));
  }
  if (Array.isArray(value)) return value.map(toRustJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [snakeCase(name), toRustJson(field)]),
  );
}

/** What an answer says, with camelCase names, bigints and bytes; `name` is the field that `value` is of. */
export function fromRustJson(value: unknown, name = ''): unknown {
  if (typeof value === 'string') {
    if (U64_FIELDS.has(name)) return BigInt(value);
    return HEX_FIELDS.has(name) ? Uint8Array.from(Buffer.from(value, 'hex')) : value;
  }
  if (Array.isArray(value)) return value.map((element) => fromRustJson(element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [camelCase(key), fromRustJson(field, key)]),
  );
}
