import { Profile } from '../../wire/messages/payload-kind';
import {
  SchemaErrorCode,
  StreamSemantics,
  type SchemaDescriptorHeader,
} from '../../wire/messages/schema-descriptor';
import type { TypedPayloadDescriptor } from '../../wire/body/typed-payload';
import { isAssignedProfile } from './profile';

export const TOKEN_DELTA_SCHEMA_ID = 0x1001;
export const TOKEN_DELTA_SCHEMA_VERSION = 3;

/** The schema of token deltas, which the standard registry holds (protocol section 6). */
export const TOKEN_DELTA_SCHEMA: SchemaDescriptorHeader = Object.freeze({
  schemaId: TOKEN_DELTA_SCHEMA_ID,
  schemaVersion: TOKEN_DELTA_SCHEMA_VERSION,
  profileId: Profile.Token,
  schemaFlags: 0,
  minVersionMajor: 1,
  maxVersionMajor: 1,
  bodyBytes: 0,
  dependencyCount: 0,
  defaultStreamSemantics: StreamSemantics.Append,
  schemaHash: 0x6e6e_7270_746f_6b33n,
});

interface Success<K extends string> {
  readonly ok: true;
  readonly kind: K;
  readonly code: typeof SchemaErrorCode.None;
}

interface Failure<K extends string, C extends SchemaErrorCode> {
  readonly ok: false;
  readonly kind: K;
  /** The schema_error_code to tell a peer. */
  readonly code: C;
}

type Unknown = Failure<'unknown', typeof SchemaErrorCode.Unknown>;
type VersionUnknown = Failure<'version-unknown', typeof SchemaErrorCode.VersionUnknown>;
type HashConflict = Failure<'hash-conflict', typeof SchemaErrorCode.HashConflict>;
type Incompatible = Failure<'incompatible', typeof SchemaErrorCode.Incompatible>;
type UpdateRejected = Failure<'update-rejected', typeof SchemaErrorCode.UpdateRejected>;

/** `hash-conflict`: the version is there with other contents; `update-rejected`: no such profile. */
export type InstallOutcome =
  Success<'installed'> | Success<'already-installed'> | Success<'updated'> | HashConflict | UpdateRejected;

export type InvalidateOutcome = Success<'invalidated'> | VersionUnknown;

/** `incompatible`: the schema is of another profile, or the profile has none. */
export type BindOutcome = Success<'bound'> | Unknown | VersionUnknown | Incompatible | UpdateRejected;

const UNKNOWN = failure('unknown', SchemaErrorCode.Unknown);
const VERSION_UNKNOWN = failure('version-unknown', SchemaErrorCode.VersionUnknown);
const HASH_CONFLICT = failure('hash-conflict', SchemaErrorCode.HashConflict);
const INCOMPATIBLE = failure('incompatible', SchemaErrorCode.Incompatible);
const UPDATE_REJECTED = failure('update-rejected', SchemaErrorCode.UpdateRejected);
const INSTALLED = success('installed');
const ALREADY_INSTALLED = success('already-installed');
const UPDATED = success('updated');
const INVALIDATED = success('invalidated');
const BOUND = success('bound');

/**
 * The schemas that an end knows, by id and version (protocol section 6). What fails is an outcome and
 * not thrown: it is answered with its code.
 *
 * ```
 *            install: installed, updated         install: already-installed, hash-conflict
 *  +--------+ -----------------------> +-------+ ---+
 *  | absent |                          | known |    |
 *  +--------+ <----------------------- +-------+ <--+
 *            invalidate: invalidated
 * ```
 *
 * @example
 * const schemas = standardSchemaRegistry();
 * const outcome = schemas.install(descriptor);
 * if (!outcome.ok) reject(outcome.code);
 */
export class SchemaRegistry {
  readonly #versionsById = new Map<number, Map<number, SchemaDescriptorHeader>>();

  /** How many schemas are installed, versions counted one by one. */
  get size(): number {
    let size = 0;
    for (const versions of this.#versionsById.values()) size += versions.size;
    return size;
  }

  get(schemaId: number, schemaVersion: number): SchemaDescriptorHeader | undefined {
    return this.#versionsById.get(schemaId)?.get(schemaVersion);
  }

  has(schemaId: number, schemaVersion: number): boolean {
    return this.get(schemaId, schemaVersion) !== undefined;
  }

  /** Adds a copy of a schema; `updated` where an older version is installed. */
  install(schema: SchemaDescriptorHeader): InstallOutcome {
    if (!isAssignedProfile(schema.profileId)) return UPDATE_REJECTED;
    const { schemaId, schemaVersion } = schema;
    const versions = this.#versionsById.get(schemaId) ?? new Map<number, SchemaDescriptorHeader>();
    const known = versions.get(schemaVersion);
    if (known !== undefined) {
      const isSame = known.schemaHash === schema.schemaHash && known.profileId === schema.profileId;
      return isSame ? ALREADY_INSTALLED : HASH_CONFLICT;
    }
    const hasOlder = [...versions.keys()].some((version) => version < schemaVersion);
    versions.set(schemaVersion, Object.freeze({ ...schema }));
    this.#versionsById.set(schemaId, versions);
    return hasOlder ? UPDATED : INSTALLED;
  }

  /** Removes one version of a schema. */
  invalidate(schemaId: number, schemaVersion: number): InvalidateOutcome {
    const versions = this.#versionsById.get(schemaId);
    if (versions?.delete(schemaVersion) !== true) return VERSION_UNKNOWN;
    if (versions.size === 0) this.#versionsById.delete(schemaId);
    return INVALIDATED;
  }

  /** Whether a typed payload's profile and schema go together and are known here. */
  bind(descriptor: Pick<TypedPayloadDescriptor, 'profileId' | 'schemaId' | 'schemaVersion'>): BindOutcome {
    const { profileId, schemaId, schemaVersion } = descriptor;
    if (!isAssignedProfile(profileId)) return UPDATE_REJECTED;
    if (profileId === Profile.Unspecified) {
      return schemaId === 0 && schemaVersion === 0 ? BOUND : INCOMPATIBLE;
    }
    if (schemaId === 0) return UNKNOWN;
    const versions = this.#versionsById.get(schemaId);
    if (versions === undefined) return UNKNOWN;
    const schema = versions.get(schemaVersion);
    if (schema === undefined) return VERSION_UNKNOWN;
    return schema.profileId === profileId ? BOUND : INCOMPATIBLE;
  }
}

/** A registry that holds what every preview3 end knows: the token delta schema. */
export function standardSchemaRegistry(): SchemaRegistry {
  const registry = new SchemaRegistry();
  registry.install(TOKEN_DELTA_SCHEMA);
  return registry;
}

function success<const K extends string>(kind: K): Success<K> {
  return Object.freeze({ ok: true, kind, code: SchemaErrorCode.None });
}

function failure<const K extends string, const C extends SchemaErrorCode>(kind: K, code: C): Failure<K, C> {
  return Object.freeze({ ok: false, kind, code });
}
