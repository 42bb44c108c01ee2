import { isAssignedProfile } from '../../../src/protocol/capability/profile';

describe('isAssignedProfile', () => {
  it('knows the profiles of preview3 and no other', () => {
    const assigned = Array.from({ length: 0x1_0000 }, (_, id) => id).filter(isAssignedProfile);
    expect(assigned).toEqual([0, 1, 2]);
  });
});
