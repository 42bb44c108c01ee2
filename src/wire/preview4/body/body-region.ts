import { revised } from '../../codec/record';
import { BodyRegionPrelude as Preview3BodyRegionPrelude } from '../../body/body-region';
import { breaksRule } from '../../errors';

export const OBJECT_REFERENCE_LENGTH = 24;
export const TYPED_PAYLOAD_DESCRIPTOR_LENGTH = 24;
const EXTENSION_DESCRIPTOR_LENGTH = 16;

/** The start of a body of preview4 that describes itself: tables are of whole entries. */
export const BodyRegionPrelude = revised(Preview3BodyRegionPrelude, {
  rules({ objectReferenceBytes, typedPayloadDescriptorBytes, extensionDescriptorBytes }) {
    if (objectReferenceBytes % OBJECT_REFERENCE_LENGTH !== 0) {
      breaksRule('object_reference_bytes must be a multiple of object reference block length');
    }
    if (typedPayloadDescriptorBytes % TYPED_PAYLOAD_DESCRIPTOR_LENGTH !== 0) {
      breaksRule('typed_payload_descriptor_bytes must be a multiple of typed payload descriptor length');
    }
    if (extensionDescriptorBytes % EXTENSION_DESCRIPTOR_LENGTH !== 0) {
      breaksRule('extension_descriptor_bytes must be a multiple of extension frame descriptor length');
    }
  },
});
