import { enumeration, type EnumerationValue } from '../../codec/enumeration';
import { NnrpError } from '../../errors';

/** Which part of a system says something. From 0x80 on, roles are private. */
export const RuntimeRole = enumeration('runtime_role', {
  Unspecified: 0,
  Client: 1,
  Server: 2,
  Runtime: 3,
  Subagent: 4,
  Tool: 5,
  Scheduler: 6,
  ConformanceRunner: 7,
});
export type RuntimeRole = EnumerationValue<typeof RuntimeRole>;

const FIRST_PRIVATE_ROLE = 0x80;

/** Throws an `NnrpError`, `UnknownEnumValue`, where a role is neither a known nor a private one. */
export function checkRole({ sourceRole }: { readonly sourceRole: number }): void {
  if (sourceRole <= RuntimeRole.ConformanceRunner || sourceRole >= FIRST_PRIVATE_ROLE) return;
  throw new NnrpError({ kind: 'UnknownEnumValue', enumName: 'runtime_role', value: sourceRole });
}
