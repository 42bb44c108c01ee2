import {
  SchemaRegistry,
  standardSchemaRegistry,
  TOKEN_DELTA_SCHEMA,
  TOKEN_DELTA_SCHEMA_ID,
  TOKEN_DELTA_SCHEMA_VERSION,
} from '../../../src/protocol/capability/schema-registry';
import { Profile } from '../../../src/wire/messages/payload-kind';
import { SchemaDescriptorHeader, SchemaErrorCode } from '../../../src/wire/messages/schema-descriptor';

const schema = (fields: Partial<SchemaDescriptorHeader> = {}): SchemaDescriptorHeader =>
  SchemaDescriptorHeader.of({
    schemaId: 0x20,
    schemaVersion: 1,
    profileId: Profile.Tensor,
    minVersionMajor: 1,
    maxVersionMajor: 1,
    schemaHash: 0x11n,
    ...fields,
  });

const success = (kind: string) => ({ ok: true, kind, code: SchemaErrorCode.None });
const failure = (kind: string, code: SchemaErrorCode) => ({ ok: false, kind, code });

describe('SchemaRegistry', () => {
  describe('install', () => {
    it('adds a schema once', () => {
      const registry = new SchemaRegistry();
      expect(registry.install(schema())).toEqual(success('installed'));
      expect(registry.install(schema())).toEqual(success('already-installed'));
      expect(registry.size).toBe(1);
      expect(registry.get(0x20, 1)).toEqual(schema());
    });

    it('goes by hash and profile alone', () => {
      const registry = new SchemaRegistry();
      registry.install(schema());
      expect(registry.install(schema({ bodyBytes: 9, schemaFlags: 1 }))).toEqual(
        success('already-installed'),
      );
      expect(registry.get(0x20, 1)?.bodyBytes).toBe(0);
    });

    it.each([
      ['hash', { schemaHash: 0x12n }],
      ['profile', { profileId: Profile.Token }],
    ])('refuses a known version with another %s', (_, fields) => {
      const registry = new SchemaRegistry();
      registry.install(schema());
      expect(registry.install(schema(fields))).toEqual(
        failure('hash-conflict', SchemaErrorCode.HashConflict),
      );
      expect(registry.get(0x20, 1)).toEqual(schema());
    });

    it('updates where an older version is there, and keeps both', () => {
      const registry = new SchemaRegistry();
      registry.install(schema({ schemaVersion: 2 }));
      expect(registry.install(schema({ schemaVersion: 3 }))).toEqual(success('updated'));
      expect(registry.install(schema({ schemaVersion: 1 }))).toEqual(success('installed'));
      expect([1, 2, 3, 4].map((version) => registry.has(0x20, version))).toEqual([true, true, true, false]);
      expect(registry.install(schema({ schemaId: 0x21, schemaVersion: 9 }))).toEqual(success('installed'));
    });

    it('refuses a profile that is not assigned, before anything else', () => {
      const registry = new SchemaRegistry();
      registry.install(schema());
      expect(registry.install(schema({ profileId: 3 }))).toEqual(
        failure('update-rejected', SchemaErrorCode.UpdateRejected),
      );
    });

    it('holds a copy', () => {
      const registry = new SchemaRegistry();
      const mine = schema();
      registry.install(mine);
      mine.schemaHash = 0n;
      expect(registry.get(0x20, 1)?.schemaHash).toBe(0x11n);
    });
  });

  describe('invalidate', () => {
    it('removes one version', () => {
      const registry = new SchemaRegistry();
      registry.install(schema());
      registry.install(schema({ schemaVersion: 2 }));
      expect(registry.invalidate(0x20, 2)).toEqual(success('invalidated'));
      expect([registry.has(0x20, 1), registry.has(0x20, 2), registry.size]).toEqual([true, false, 1]);
    });

    it('knows no version that is not there', () => {
      const registry = new SchemaRegistry();
      const unknown = failure('version-unknown', SchemaErrorCode.VersionUnknown);
      expect(registry.invalidate(0x20, 1)).toEqual(unknown);
      registry.install(schema());
      expect(registry.invalidate(0x20, 2)).toEqual(unknown);
      registry.invalidate(0x20, 1);
      expect(registry.invalidate(0x20, 1)).toEqual(unknown);
    });

    it('leaves nothing behind', () => {
      const registry = new SchemaRegistry();
      registry.install(schema());
      registry.invalidate(0x20, 1);
      expect(registry.size).toBe(0);
      expect(registry.bind({ profileId: Profile.Tensor, schemaId: 0x20, schemaVersion: 1 })).toEqual(
        failure('unknown', SchemaErrorCode.Unknown),
      );
      expect(registry.install(schema({ schemaVersion: 5 }))).toEqual(success('installed'));
    });
  });

  it.each([
    ['binds a known schema of the same profile', Profile.Tensor, 0x20, 1, success('bound')],
    ['binds no profile without a schema', Profile.Unspecified, 0, 0, success('bound')],
    [
      'finds a schema without a profile incompatible',
      Profile.Unspecified,
      0x20,
      1,
      failure('incompatible', SchemaErrorCode.Incompatible),
    ],
    [
      'finds a version without a profile incompatible',
      Profile.Unspecified,
      0,
      1,
      failure('incompatible', SchemaErrorCode.Incompatible),
    ],
    [
      'finds another profile incompatible',
      Profile.Token,
      0x20,
      1,
      failure('incompatible', SchemaErrorCode.Incompatible),
    ],
    ['does not know schema 0', Profile.Tensor, 0, 0, failure('unknown', SchemaErrorCode.Unknown)],
    ['does not know another schema', Profile.Tensor, 0x31, 1, failure('unknown', SchemaErrorCode.Unknown)],
    [
      'does not know another version',
      Profile.Tensor,
      0x20,
      2,
      failure('version-unknown', SchemaErrorCode.VersionUnknown),
    ],
    [
      'rejects a profile that is not assigned',
      3,
      0x20,
      1,
      failure('update-rejected', SchemaErrorCode.UpdateRejected),
    ],
  ])('%s', (_, profileId, schemaId, schemaVersion, expected) => {
    const registry = new SchemaRegistry();
    registry.install(schema());
    expect(registry.bind({ profileId, schemaId, schemaVersion })).toEqual(expected);
  });
});

it('binds no schema 0, even where one is installed', () => {
  const registry = new SchemaRegistry();
  registry.install(schema({ schemaId: 0 }));
  expect(registry.bind({ profileId: Profile.Tensor, schemaId: 0, schemaVersion: 1 })).toEqual(
    failure('unknown', SchemaErrorCode.Unknown),
  );
});

describe('standardSchemaRegistry', () => {
  it('holds the token delta schema and nothing else', () => {
    const registry = standardSchemaRegistry();
    expect(registry.size).toBe(1);
    expect(registry.get(0x1001, 3)).toEqual({
      schemaId: 0x1001,
      schemaVersion: 3,
      profileId: 2,
      schemaFlags: 0,
      minVersionMajor: 1,
      maxVersionMajor: 1,
      bodyBytes: 0,
      dependencyCount: 0,
      defaultStreamSemantics: 2,
      schemaHash: 0x6e6e7270746f6b33n,
    });
    expect([TOKEN_DELTA_SCHEMA_ID, TOKEN_DELTA_SCHEMA_VERSION]).toEqual([0x1001, 3]);
  });

  it('gives everyone a registry of their own', () => {
    standardSchemaRegistry().invalidate(TOKEN_DELTA_SCHEMA_ID, TOKEN_DELTA_SCHEMA_VERSION);
    expect(standardSchemaRegistry().bind(TOKEN_DELTA_SCHEMA)).toEqual(success('bound'));
  });
});
