import { fieldPath } from '../../../src/wire/codec/layout';

describe('fieldPath', () => {
  it.each([
    ['FrameSubmitMetadata', 'reserved1', 'frame_submit.reserved1'],
    ['ObjectReferenceBlock', 'refFlags', 'object_reference.ref_flags'],
    ['SchemaDescriptorHeader', 'schemaFlags', 'schema_descriptor.schema_flags'],
    ['CommonHeader', 'flags', 'common_header.flags'],
    ['BodyRegionPrelude', 'bodyFlags', 'body_region_prelude.body_flags'],
    ['SessionPatchMetadata', 'targetCadenceX100', 'session_patch.target_cadence_x100'],
  ])('%s %s', (record, field, path) => {
    expect(fieldPath({ name: record }, field)).toBe(path);
  });
});
