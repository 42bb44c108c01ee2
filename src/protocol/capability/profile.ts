import { Profile } from '../../wire/messages/payload-kind';

/** A profile that preview3 assigns. */
export type AssignedProfile = (typeof Profile)[keyof typeof Profile];

const ASSIGNED: readonly number[] = Object.values(Profile);

/** Whether preview3 gives a profile id a meaning (protocol section 6); 0 is one, "unspecified". */
export function isAssignedProfile(profileId: number): profileId is AssignedProfile {
  return ASSIGNED.includes(profileId);
}
